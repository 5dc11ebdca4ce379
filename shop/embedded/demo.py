"""`make demo`: the whole shop on this machine, from one command, until Ctrl-C.

Reads PORT, STATE_DIR, DEMO, DATABASE_URL and REDIS_URL; prints READY once everything answers and has then written
STATE_DIR/env, by which `manage.py` and others find the servers. Every refusal to start is one sentence.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Self
from urllib.request import urlopen

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from shop.embedded.errors import EmbeddedError
from shop.embedded.make import MakeWatch
from shop.embedded.ports import LOOPBACK, free_port, is_free
from shop.embedded.prepared import is_prepared, mark_of, remember
from shop.embedded.programs import PROJECT, SETTINGS, Program, run_once
from shop.embedded.servers import EmbeddedServers
from shop.embedded.state import only_launcher, prepare_folder, secret, write_env
from shop.embedded.supervisor import Supervisor
from shop.sandbox.process import read_env

ADMIN_USER = "admin"
SIZES = ("small", "full")
WEB_WORKERS = min(2, os.cpu_count() or 1)
WORKER_KILOBYTES = 250_000


class Interrupted(BaseException):
    """SIGINT or SIGTERM arrived: stop everything in order."""


@dataclass(frozen=True)
class Options:
    port: int
    state_dir: Path
    size: str

    @classmethod
    def from_environment(cls) -> Self:
        port, size = os.environ.get("PORT") or "8000", os.environ.get("DEMO") or "full"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise EmbeddedError(f"PORT must be a number from 1 to 65535, not {port!r}.")
        if size not in SIZES:
            raise EmbeddedError(f"DEMO must be small or full, not {size!r}.")
        return cls(int(port), (PROJECT / (os.environ.get("STATE_DIR") or ".state")).resolve(), size)

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


class Demo:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.logs = options.state_dir / "logs"
        self.supervisor = Supervisor()
        self.env: dict[str, str] = {}

    def run(self) -> None:
        """Start everything, announce it, and keep it running until interrupted."""
        make = MakeWatch()
        try:
            self.start_servers()
            self.start_shop()
            self.announce()
            while not make.gave_up():
                time.sleep(1)
                self.supervisor.revive()
        finally:
            handle_signals(signal.SIG_IGN)
            print("Stopping ...", flush=True)
            self.supervisor.stop()
            (self.options.state_dir / "env").unlink(missing_ok=True)

    def start_servers(self) -> None:
        state_dir = self.options.state_dir
        if not is_free(self.options.port):
            raise EmbeddedError(f"Port {self.options.port} is taken by another program; set PORT to a free one.")
        say(f"Starting the shop; its data are kept in {state_dir}")
        servers = EmbeddedServers(state_dir=state_dir)
        servers.check_given()
        for server in servers.servers.values():
            self.supervisor.start(server)
        self.env = {
            "BASE_URL": self.options.base_url,
            **servers.urls,
            "ADMIN_USER": ADMIN_USER,
            "ADMIN_PASSWORD": secret(state_dir, "admin", size=9),
            "SECRET_KEY": secret(state_dir, "django"),
            "STATE_DIR": str(state_dir),
        }

    def start_shop(self) -> None:
        sandbox_dir = self.options.state_dir / "sandbox"
        sandbox = self.sandbox(sandbox_dir)
        self.supervisor.start(sandbox)
        sandbox.wait_until_ready()
        # Its keys and addresses, for everything that starts from here on.
        self.env |= read_env(sandbox_dir / "env")
        write_env(self.options.state_dir, self.env)
        # Before anything serves: the demo shop's past is lived through at its own dates, not at today's.
        self.prepare()
        programs = [self.beat(), self.worker(), self.web()]
        for program in programs:
            self.supervisor.start(program)
        for program in programs:
            program.wait_until_ready()

    def prepare(self) -> None:
        database_url, size = self.env["DATABASE_URL"], self.options.size
        mark = mark_of(size=size)
        if is_prepared(database_url=database_url, mark=mark, static_files=self.options.state_dir / "static"):
            return
        say("Preparing the database and the demo shop; the first time takes a minute ...")
        log = self.logs / "prepare.log"
        run_once("Preparing the shop", ["-m", "shop.embedded.prepare", size], env=self.env, log=log)
        remember(database_url=database_url, mark=mark)

    def program(self, name: str, arguments: list[str], answers: Callable[[], bool]) -> Program:
        return Program(name, arguments, self.env, self.logs / f"{name}.log", answers)

    def sandbox(self, folder: Path) -> Program:
        port = self.options.port + 1
        port = port if is_free(port) else free_port()
        where = ["--port", str(port), "--state-dir", str(folder), "--shop-url", self.options.base_url]
        url = f"http://{LOOPBACK}:{port}/"
        return self.program("sandbox", ["-m", "shop.sandbox", *where], lambda: answers(url))

    def web(self) -> Program:
        # WSGI: under ASGI every connection of a visitor may hold one of Postgres's.
        url = f"{self.options.base_url}/health/ready"
        serve = ["-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(self.options.port)]
        size = ["--workers", str(WEB_WORKERS), "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers"]
        return self.program("web", [*serve, *size, "shop.wsgi:application"], lambda: answers(url))

    def worker(self) -> Program:
        celery = Celery(broker=self.env["REDIS_URL"])
        # Nothing listens to gossip and heartbeats of a single worker; without them it costs nothing while idle.
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        pool = ["--concurrency", "2", "--max-memory-per-child", str(WORKER_KILOBYTES)]
        return self.program(
            "worker",
            ["-m", "celery", "-A", "shop", "worker", *quiet, *pool],
            lambda: hears(celery),
        )

    def beat(self) -> Program:
        # It listens to nobody: ready as long as it runs.
        return self.program("beat", ["-m", "celery", "-A", "shop", "beat", "--pidfile="], lambda: True)

    def announce(self) -> None:
        base = self.options.base_url
        say(
            f"""
  API       {base}/api/v1/
  API docs  {base}/api/docs/
  Admin     {base}/admin/    user {ADMIN_USER}, password {self.env["ADMIN_PASSWORD"]}
            (the same password for {", ".join(role.account for role in settings.ROLES)})
  Sandbox   {self.env["SANDBOX_URL"]}    plays WeChat, WeChat Pay, Alipay, SMS and the couriers
  Logs      {self.logs}

Ctrl-C stops everything and keeps the data.
"""
        )
        say(f"READY {base}")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def hears(celery: Celery) -> bool:
    try:
        return bool(celery.control.ping(timeout=0.5, limit=1))
    except OperationalError:
        return False


def say(text: str) -> None:
    print(text, flush=True)


def handle_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def interrupt(number: int, frame: FrameType | None) -> None:
    # Once: stopping must not be interrupted in its turn.
    handle_signals(signal.SIG_IGN)
    raise Interrupted


def main() -> int:
    handle_signals(interrupt)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    try:
        options = Options.from_environment()
        prepare_folder(options.state_dir)
        with only_launcher(options.state_dir):
            Demo(options).run()
    except Interrupted:
        return 0
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The shop cannot start: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
