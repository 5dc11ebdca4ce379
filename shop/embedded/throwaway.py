"""Servers for one test run: own copies of a cached data folder, own ports, thrown away afterwards.

Several runs on one machine share nothing but the cache, which is guarded by a lock. A run that was killed leaves its
folder behind without a lock; the next run removes it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from shop.embedded import postgres
from shop.embedded.accounts import ROOT_DATA, server_account
from shop.embedded.binaries import postgres_bin, postgres_version
from shop.embedded.errors import EmbeddedError
from shop.embedded.postgres import PostgresServer, processes_in
from shop.embedded.servers import EmbeddedServers
from shop.embedded.state import prepare_folder, secret


class ThrowawayServers:
    """Postgres and Valkey for this test process and its parallel workers."""

    def __init__(self) -> None:
        cache = _cache_folder()
        with _locked(cache):
            _remove_abandoned(cache)
            self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
            self._lock = _hold(self.folder)
            prepare_folder(self.folder)
            # The copied data know the password of the template.
            secret(cache, "postgres")
            shutil.copy(cache / "secrets", self.folder)
            self.servers = EmbeddedServers(state_dir=self.folder, durable=False)
            for server in self.servers.servers.values():
                if isinstance(server, PostgresServer):
                    _copy_template(cache, server)

    def start(self) -> dict[str, str]:
        """Start what DATABASE_URL and REDIS_URL do not replace; return the variables to set."""
        self.servers.start()
        # No state file in this folder: the settings of a running demo cannot reach the tests.
        return {"STATE_DIR": str(self.folder), **self.servers.urls}

    def stop(self) -> None:
        self.servers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _cache_folder() -> Path:
    base = Path(tempfile.gettempdir())
    if not server_account(base).can_reach(base):
        base = ROOT_DATA
        base.mkdir(exist_ok=True)
        base.chmod(0o755)
    cache = base / f"lantern-tests-{os.geteuid()}"
    with suppress(FileExistsError):
        cache.mkdir()
    if cache.is_symlink() or cache.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{cache} belongs to somebody else; set TMPDIR to a folder of your own.")
    cache.chmod(0o711)
    return cache


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hold(folder: Path) -> IO[str]:
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _remove_abandoned(cache: Path) -> None:
    for folder in cache.glob("run-*"):
        try:
            _hold(folder).close()
        except (BlockingIOError, FileNotFoundError):
            continue  # a run at work, or one that is just taking its folder away
        if not processes_in(folder / "postgres"):
            shutil.rmtree(folder, ignore_errors=True)


def _copy_template(cache: Path, server: PostgresServer) -> None:
    """Give the server a copy of an initialised data folder, made once per PostgreSQL version and account."""
    programs = postgres_bin(server.account)
    how = Path(postgres.__file__).read_text()
    made_by = (postgres_version(programs, server.account), server.account.uid, server.password, how)
    template = cache / f"template-{hashlib.sha256(repr(made_by).encode()).hexdigest()[:12]}"
    prepare_folder(template)
    if not (template / "postgres").exists():
        PostgresServer(
            home=template,
            log=template / "logs" / "postgres.log",
            account=server.account,
            password=server.password,
            durable=False,
        ).initialise(programs)
    server.data.mkdir(mode=0o700)
    server.account.own(server.data)
    subprocess.run(
        ["cp", "-Rp", f"{template}/postgres/.", server.data], check=True, cwd=cache, **server.account.run_as()
    )
