"""The shop's own processes: those that run as long as the shop does, and commands that run once."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.embedded.accounts import Account
from shop.embedded.errors import EmbeddedError
from shop.embedded.processes import Child, last_line, start_process, stop_process, wait_until

PROJECT = Path(__file__).resolve().parent.parent.parent
SETTINGS = "shop.settings.base"


@dataclass
class Program:
    """A Python module or script that serves until it is stopped; `answers` tells whether it is ready."""

    name: str
    arguments: list[str]
    env: Mapping[str, str]
    log: Path
    answers: Callable[[], bool]
    process: Child | None = None

    def start(self) -> None:
        self.process = _start_python(self.arguments, env=self.env, log=self.log)

    def wait_until_ready(self) -> None:
        if self.process is not None:
            wait_until(self.answers, process=self.process, name=f"The {self.name} process", log=self.log, within=60)

    def stop(self) -> None:
        """Let requests and tasks at work finish."""
        if self.process is not None:
            stop_process(self.process, within=20)


def run_once(doing: str, arguments: list[str], *, env: Mapping[str, str], log: Path) -> None:
    """Run a Python module or script to its end."""
    if _start_python(arguments, env=env, log=log).wait() != 0:
        raise EmbeddedError(f"{doing} failed: {last_line(log)} (see {log})")


def _start_python(arguments: list[str], *, env: Mapping[str, str], log: Path) -> Child:
    return start_process(
        [sys.executable, *arguments],
        log=log,
        account=Account.current(),
        cwd=PROJECT,
        # Few arenas: otherwise each thread's freed memory is kept for itself, which makes a web process a third larger.
        env={**os.environ, "MALLOC_ARENA_MAX": "2", "DJANGO_SETTINGS_MODULE": SETTINGS, **env},
    )
