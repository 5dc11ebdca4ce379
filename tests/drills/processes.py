"""The shop's real processes on the test database, each a process group that can be killed at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

import httpx
from django.conf import settings
from django.db import connection

from shop.embedded.ports import free_port

PATIENCE_SECONDS = 60


class Process:
    """`python -m …` with the test's settings; `env` says what is different from the test's own."""

    def __init__(self, arguments: list[str], env: Mapping[str, str]) -> None:
        self.arguments = arguments
        self.env = env
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shop.settings.test"} | dict(self.env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class WebServer(Process):
    """The web server on a port of its own, ready once started."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        serve = ["granian", "--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "4", "--no-ws"]
        super().__init__([*serve, "shop.wsgi:application"], {"BASE_URL": self.url, **(env or {})})

    def start(self) -> None:
        super().start()
        for _ in range(PATIENCE_SECONDS * 10):
            try:
                if httpx.get(f"{self.url}/health/live", timeout=2).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise TimeoutError("the web server does not answer")
