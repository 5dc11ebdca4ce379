"""Noticing that the `make` above us was told to stop.

`make` passes a SIGTERM on, but on SIGINT it trusts that the terminal told its children too, and waits for them. When
only `make` was signalled (`kill -INT`), both would wait for ever. When it was killed, nobody is left to stop us.
"""

import os
from pathlib import Path
from signal import SIGINT


class MakeWatch:
    def __init__(self) -> None:
        self.parent = os.getppid()
        self.is_make = _status(self.parent).get("Name") in ("make", "gmake")
        self.catches_interrupt = self.is_make and _catches_interrupt(self.parent)

    def gave_up(self) -> bool:
        if not self.is_make:
            return False
        # make restores the default action first thing when it is interrupted.
        return os.getppid() != self.parent or (self.catches_interrupt and not _catches_interrupt(self.parent))


def _catches_interrupt(pid: int) -> bool:
    return bool(int(_status(pid).get("SigCgt", "0"), 16) >> (SIGINT - 1) & 1)


def _status(pid: int) -> dict[str, str]:
    """What the kernel tells about a process; nothing where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
