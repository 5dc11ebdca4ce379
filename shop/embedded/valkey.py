"""One bundled Valkey server (the Redis protocol): start, answer, stop.

The broker keeps what it accepted (append-only file, `noeviction`); the cache is a server apart that may forget.
"""

from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.embedded.accounts import Account
from shop.embedded.binaries import valkey_program
from shop.embedded.ports import LOOPBACK, free_port, is_free
from shop.embedded.postgres import server_env
from shop.embedded.processes import Child, start_process, stop_process, wait_until

# The client's own retries wait for seconds; the server is up within milliseconds.
ONE_TRY = Retry(NoBackoff(), retries=0)


@dataclass(frozen=True)
class Role:
    name: str
    settings: dict[str, str]


BROKER = Role(
    "redis",
    {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    },
)
CACHE = Role("cache", {"appendonly": "no", "save": '""', "maxmemory": "128mb", "maxmemory-policy": "allkeys-lru"})


class ValkeyServer:
    def __init__(self, role: Role, *, home: Path, log: Path, account: Account, password: str) -> None:
        self.role, self.home, self.log, self.account, self.password = role, home, log, account, password
        self.name = role.name
        self.data = home / role.name
        self.port = free_port()
        self.process: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start the server and return once it answers with all its data loaded."""
        program = valkey_program(self.account)
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            self.account.own(self.data)
        # A restart keeps the port, because the shop knows the server by it.
        if self.process is None and not is_free(self.port):
            self.port = free_port()
        self.process = start_process(
            [program, "-"], log=self.log, account=self.account, cwd=self.home, env=server_env(), config=self._config()
        )
        wait_until(self._answers, process=self.process, name=f"Valkey ({self.name})", log=self.log, within=60)

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process, within=10)

    def _config(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": f'"{self.data}"',
            "requirepass": self.password,
            # One numbered database for each parallel test process.
            "databases": "64",
            # Fewer idle wake-ups: the demo should cost a laptop nothing.
            "hz": "5",
            "dynamic-hz": "yes",
            **self.role.settings,
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=3, retry=ONE_TRY) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False
