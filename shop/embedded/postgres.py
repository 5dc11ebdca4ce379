"""One bundled PostgreSQL server: initialise once, start, answer, stop.

A data folder exists only when it was initialised completely. The server listens on loopback only, with a password.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from shop.embedded.accounts import Account
from shop.embedded.binaries import postgres_bin, postgres_version
from shop.embedded.errors import EmbeddedError
from shop.embedded.ports import LOOPBACK, free_port, is_free
from shop.embedded.processes import Child, last_line, start_process, stop_process, wait_until

USER = DATABASE = "lantern"
FIRST_BUILTIN_LOCALE = 17

# Sized for a small machine that also runs the shop.
SMALL_MACHINE = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Tests throw their data away, so nothing needs to reach the disk.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
}


class PostgresServer:
    name = "postgres"

    def __init__(self, *, home: Path, log: Path, account: Account, password: str, durable: bool = True) -> None:
        self.home, self.log, self.account, self.password, self.durable = home, log, account, password, durable
        self.data = home / "postgres"
        self.port = free_port()
        self.process: Child | None = None

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start the server, initialising its data first where there are none; return once it answers."""
        programs = postgres_bin(self.account)
        if not self.data.exists():
            self.initialise(programs)
        self._check_version(programs)
        clear_stale_lock(self.data)
        # A restart keeps the port, because the shop knows the server by it.
        if self.process is None and not is_free(self.port):
            self.port = free_port()
        self.process = start_process(
            [programs / "postgres", "-D", self.data, *self._settings()],
            log=self.log,
            account=self.account,
            cwd=self.home,
            env=server_env(),
            death_signal=signal.SIGINT if self.durable else signal.SIGQUIT,
        )
        # Recovery after a crash may replay up to max_wal_size.
        wait_until(self._answers, process=self.process, name="Postgres", log=self.log, within=120)
        self._create_database()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is not None:
            stop_process(self.process, ask=signal.SIGINT if self.durable else signal.SIGQUIT, within=30)

    def initialise(self, programs: Path) -> None:
        """Initialise beside the final place and rename, so that an interrupted run leaves nothing half made."""
        workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.home))
        self.account.own(workshop)
        try:
            password_file = workshop / "password"
            password_file.write_text(self.password)
            password_file.chmod(0o600)
            self.account.own(password_file)
            self._initdb(programs, workshop / "data", password_file)
            (workshop / "data").rename(self.data)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _initdb(self, programs: Path, data: Path, password_file: Path) -> None:
        version = postgres_version(programs, self.account) or 0
        options = ["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", *_locale(version)]
        if not self.durable:
            options.append("--no-sync")
        log = self.log.with_name("initdb.log")
        process = start_process(
            [programs / "initdb", "-D", data, "--pwfile", password_file, *options],
            log=log,
            account=self.account,
            cwd=self.home,
            env=server_env(),
        )
        if process.wait() != 0:
            raise EmbeddedError(f"Postgres could not initialise its data: {last_line(log)} (see {log})")

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            **SMALL_MACHINE,
        }
        if not self.durable:
            settings |= NOT_DURABLE
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _check_version(self, programs: Path) -> None:
        made_by = subprocess.run(
            ["cat", self.data / "PG_VERSION"], capture_output=True, text=True, **self.account.run_as()
        ).stdout.strip()
        found = postgres_version(programs, self.account)
        if made_by != str(found):
            raise EmbeddedError(
                f"The data in {self.data} were made by PostgreSQL {made_by}, but only version {found} is here."
            )

    def connect(self, database: str = DATABASE) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=LOOPBACK, port=self.port, user=USER, password=self.password, dbname=database, connect_timeout=3
        )

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedError(
                    f"The data in {self.data} were made with another password than the one in the state folder's "
                    "`secrets`; put that file back, or delete the data to start anew."
                ) from None
            return False
        return True

    def _create_database(self) -> None:
        with closing(self.connect("postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")


def _locale(version: int) -> list[str]:
    # Under LC_CTYPE C the trigram functions silently return nothing for Chinese.
    if sys.platform == "darwin":
        libc = ["--locale=C", "--lc-ctype=UTF-8"]
    else:
        libc = ["--locale=C.UTF-8"]
    if version < FIRST_BUILTIN_LOCALE:
        return libc
    return [*libc, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def server_env() -> dict[str, str]:
    """Nothing of the caller's settings (PGDATA, PGPORT, LANG, ...) may change how a server behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def clear_stale_lock(data: Path, *, patience: float = 20) -> None:
    """Remove `postmaster.pid` of a server that is gone, once no process holds the data folder.

    Postgres itself trusts the file when its process number lives again as something else, and then never starts.
    """
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + patience
    while holders := processes_in(data):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Another Postgres (process {min(holders)}) still uses {data}; stop it first.")
        time.sleep(0.1)
    # Without /proc nobody can tell who holds the folder, so there Postgres decides alone.
    if Path("/proc/self/cwd").exists():
        lock.unlink(missing_ok=True)


def processes_in(folder: Path) -> list[int]:
    """Processes whose working folder is this one: every Postgres process lives in its data folder."""
    target = str(folder.resolve())
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == target:
                found.append(int(process.name))
        except OSError:
            continue  # ended meanwhile, or another user's and so not a server of ours
    return found
