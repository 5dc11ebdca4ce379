"""A state folder of each test's own, in a place that the server account can reach."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.embedded.accounts import Account, server_account
from shop.embedded.state import prepare_folder


@pytest.fixture
def state_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="state-", dir=os.environ["STATE_DIR"]))
    prepare_folder(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def account(state_dir: Path) -> Account:
    return server_account(state_dir)
