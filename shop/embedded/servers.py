"""The bundled servers as one: start what the environment does not name already, tell the addresses, stop in order."""

import os
from collections.abc import Mapping
from pathlib import Path

from shop.embedded.accounts import server_account, server_home
from shop.embedded.postgres import PostgresServer
from shop.embedded.state import secret
from shop.embedded.valkey import BROKER, CACHE, ValkeyServer

Server = PostgresServer | ValkeyServer


class EmbeddedServers:
    """Postgres and Valkey of one state folder, except those that given addresses replace."""

    def __init__(self, *, state_dir: Path, given: Mapping[str, str] = os.environ, durable: bool = True) -> None:
        account = server_account(state_dir)
        home = server_home(state_dir, account)
        logs = state_dir / "logs"
        self.urls: dict[str, str] = {}
        self.servers: dict[str, Server] = {}
        if given.get("DATABASE_URL"):
            self.urls["DATABASE_URL"] = given["DATABASE_URL"]
        else:
            self.servers["DATABASE_URL"] = PostgresServer(
                home=home,
                log=logs / "postgres.log",
                account=account,
                password=secret(state_dir, "postgres"),
                durable=durable,
            )
        if given.get("REDIS_URL"):
            self.urls["REDIS_URL"] = given["REDIS_URL"]
            self.urls["CACHE_URL"] = given.get("CACHE_URL") or given["REDIS_URL"]
        else:
            for key, role in (("REDIS_URL", BROKER), ("CACHE_URL", CACHE)):
                self.servers[key] = ValkeyServer(
                    role,
                    home=home,
                    log=logs / f"{role.name}.log",
                    account=account,
                    password=secret(state_dir, role.name),
                )

    def start(self) -> dict[str, str]:
        """Start everything and return DATABASE_URL, REDIS_URL and CACHE_URL."""
        for key, server in self.servers.items():
            server.start()
            self.urls[key] = server.url
        return self.urls

    def stop(self) -> None:
        """Redis before Postgres, the order in which nothing is lost."""
        for server in reversed(self.servers.values()):
            server.stop()
