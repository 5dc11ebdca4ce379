"""Pictures in tests go to a storage of their own."""

import pytest
from django.core.files.storage import InMemoryStorage, storages


@pytest.fixture(autouse=True)
def _own_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(storages._storages, "guarded", InMemoryStorage())
