"""The demo shop, started as `make demo` starts it, with a folder and a port of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.embedded.ports import free_port
from shop.embedded.programs import PROJECT
from shop.embedded.state import prepare_folder

# What the test run has put into the environment for its own servers; the demo starts others.
OWN = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "STATE_DIR", "BASE_URL", "SANDBOX_URL", "DJANGO_SETTINGS_MODULE")
START_SECONDS = {"small": 600, "full": 900}


@dataclass(frozen=True)
class Shop:
    url: str
    sandbox_url: str
    database_url: str
    password: str
    folder: Path

    def run(self, verb: str, *, of: str = "buying", **arguments: Any) -> Any:
        """What a function of `tests.browser.buying`, or of another module there, answers."""
        code = f"import json; from tests.browser import {of}; print(json.dumps({of}.{verb}(**{arguments!r})))"
        env = {name: value for name, value in os.environ.items() if name not in OWN} | {"STATE_DIR": str(self.folder)}
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        answer = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])


@contextmanager
def demo_shop(*, size: str) -> Iterator[Shop]:
    folder = Path(tempfile.mkdtemp(prefix="browser-", dir=os.environ["STATE_DIR"]))
    prepare_folder(folder)
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    env |= {"STATE_DIR": str(folder), "PORT": str(free_port()), "DEMO": size}
    output = folder / "demo.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "shop.embedded.demo"], cwd=PROJECT, env=env, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, output, START_SECONDS[size])
        told = dict(line.split("=", 1) for line in (folder / "env").read_text().splitlines() if "=" in line)
        yield Shop(told["BASE_URL"], told["SANDBOX_URL"], told["DATABASE_URL"], told["ADMIN_PASSWORD"], folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder)


def _wait_until_ready(process: subprocess.Popen, output: Path, seconds: int) -> None:
    for _ in range(seconds * 2):
        if "\nREADY " in output.read_text():
            return
        if process.poll() is not None:
            break
        time.sleep(0.5)
    raise RuntimeError(f"the demo shop did not start:\n{output.read_text()}")
