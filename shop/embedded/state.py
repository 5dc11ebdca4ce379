"""The state folder: one launcher at a time, its secrets, and the `env` file by which others find the servers.

Files with secrets are 0600 and appear whole or not at all.
"""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shop.embedded.errors import EmbeddedError

# A fresh data folder with the demo shop takes about 150 MB.
NEEDED_BYTES = 300 * 1024 * 1024


def prepare_folder(folder: Path) -> None:
    """Create a folder for state; others may pass through it (the server account must) but not look around."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o711)
        (folder / "logs").mkdir(exist_ok=True, mode=0o700)
        if not os.access(folder / "logs", os.W_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
    except OSError as error:
        raise EmbeddedError(
            f"The state folder {folder} cannot be written: {error.strerror}. Set STATE_DIR to another one."
        ) from None
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise EmbeddedError(
            f"The disk that holds {folder} has only {free // 2**20} MB left, {NEEDED_BYTES // 2**20} MB are needed."
        )


@contextmanager
def only_launcher(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets it go when the launcher ends, however it ends."""
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise EmbeddedError(
                f"The shop in {folder} is already running (process {holder}); stop it first, or set STATE_DIR and PORT."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def write_secret(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    unfinished.replace(path)


def secret(folder: Path, name: str, *, size: int = 32) -> str:
    """A password or key of this installation, made once and kept in the folder's `secrets` file."""
    kept_in = folder / "secrets"
    kept: dict[str, str] = json.loads(kept_in.read_text()) if kept_in.exists() else {}
    if name not in kept:
        kept[name] = secrets.token_urlsafe(size)
        write_secret(kept_in, json.dumps(kept, indent=1))
    return kept[name]


def write_env(folder: Path, values: Mapping[str, str]) -> None:
    write_secret(folder / "env", "".join(f"{key}={value}\n" for key, value in values.items()))
