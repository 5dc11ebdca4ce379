"""Under whose name the bundled servers run, and where that name can reach files.

Postgres refuses to run as root, so root hands the servers to `nobody`, or to the owner of data that is already there.
"""

import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

from shop.embedded.errors import EmbeddedError

# Where root keeps the servers when the project lies in a folder that `nobody` cannot enter, such as /root.
ROOT_DATA = Path("/var/lib/lantern")


class RunAs(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @classmethod
    def current(cls) -> Self:
        return cls(os.geteuid(), os.getegid())

    @property
    def is_self(self) -> bool:
        return self.uid == os.geteuid()

    def run_as(self) -> RunAs:
        """Arguments for `subprocess` that start a program under this account."""
        return RunAs() if self.is_self else RunAs(user=self.uid, group=self.gid, extra_groups=[])

    def own(self, path: Path) -> None:
        """Hand one file or folder over to this account."""
        if not self.is_self:
            os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether every existing folder on the way to path, and path itself, may be entered."""
        return self.is_self or all(self._may_enter(folder) for folder in _existing_folders(path))

    def _may_enter(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        if facts.st_gid == self.gid:
            return bool(facts.st_mode & stat.S_IXGRP)
        return bool(facts.st_mode & stat.S_IXOTH)


def _existing_folders(path: Path) -> Iterator[Path]:
    resolved = path.resolve()
    return (folder for folder in (resolved, *resolved.parents) if folder.is_dir())


def server_account(state_dir: Path) -> Account:
    """The account that runs the servers whose data lie in state_dir."""
    if os.geteuid() != 0:
        return Account.current()
    owner = state_dir.stat().st_uid if state_dir.exists() else 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "Postgres must not run as root, and this system has no account `nobody` to run it."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def server_home(state_dir: Path, account: Account) -> Path:
    """The folder for the servers' data: state_dir, or a reachable one that a link in state_dir points to.

    The link alone connects the two: a state_dir that was deleted and made again starts with a folder of its own.
    """
    if account.can_reach(state_dir):
        return state_dir
    link = state_dir / "servers"
    if not link.is_dir():
        ROOT_DATA.mkdir(parents=True, exist_ok=True)
        ROOT_DATA.chmod(0o755)
        home = Path(tempfile.mkdtemp(prefix="servers-", dir=ROOT_DATA))
        home.chmod(0o711)
        link.unlink(missing_ok=True)
        link.symlink_to(home)
    return link.resolve()
