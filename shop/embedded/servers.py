"""The bundled servers as one: start what the environment does not name already, tell the addresses, stop in order."""

import os
from collections.abc import Mapping
from pathlib import Path

import psycopg2
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.embedded.accounts import server_account, server_home
from shop.embedded.errors import EmbeddedError
from shop.embedded.postgres import PostgresServer
from shop.embedded.state import secret
from shop.embedded.valkey import BROKER, CACHE, ValkeyServer

PATIENCE_SECONDS = 5
NO_RETRY = Retry(NoBackoff(), 0)

Server = PostgresServer | ValkeyServer


class EmbeddedServers:
    """Postgres and Valkey of one state folder, except those that given addresses replace."""

    def __init__(self, *, state_dir: Path, given: Mapping[str, str] = os.environ, durable: bool = True) -> None:
        account = server_account(state_dir)
        home = server_home(state_dir, account)
        logs = state_dir / "logs"
        self.given: dict[str, str] = {}
        self.servers: dict[str, Server] = {}
        if given.get("DATABASE_URL"):
            self.given["DATABASE_URL"] = given["DATABASE_URL"]
        else:
            self.servers["DATABASE_URL"] = PostgresServer(
                home=home,
                log=logs / "postgres.log",
                account=account,
                password=secret(state_dir, "postgres"),
                durable=durable,
            )
        if given.get("REDIS_URL"):
            self.given["REDIS_URL"] = given["REDIS_URL"]
            self.given["CACHE_URL"] = given.get("CACHE_URL") or given["REDIS_URL"]
        else:
            for key, role in (("REDIS_URL", BROKER), ("CACHE_URL", CACHE)):
                self.servers[key] = ValkeyServer(
                    role,
                    home=home,
                    log=logs / f"{role.name}.log",
                    account=account,
                    password=secret(state_dir, role.name),
                )

    @property
    def urls(self) -> dict[str, str]:
        """DATABASE_URL, REDIS_URL and CACHE_URL; final once the servers have started."""
        return {**self.given, **{key: server.url for key, server in self.servers.items()}}

    def check_given(self) -> None:
        """Raises EmbeddedError, one sentence, when a server that is not ours does not answer."""
        for name, url in self.given.items():
            try:
                if name == "DATABASE_URL":
                    psycopg2.connect(url, connect_timeout=PATIENCE_SECONDS).close()
                else:
                    redis.Redis.from_url(url, socket_connect_timeout=PATIENCE_SECONDS, retry=NO_RETRY).ping()
            except (psycopg2.Error, redis.RedisError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise EmbeddedError(f"{name} was given, but no server answers there: {reason}") from error

    def start(self) -> None:
        for server in self.servers.values():
            server.start()

    def stop(self) -> None:
        """Redis before Postgres, the order in which nothing is lost."""
        for server in reversed(self.servers.values()):
            server.stop()
