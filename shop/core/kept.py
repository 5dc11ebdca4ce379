"""Small tables that every request asks about, kept in the process for a few seconds as the merchant's preferences are.

A room declares `LADDER = Kept(read_ladder)` and reads `LADDER.value()`; its services call `LADDER.forget()` after a
change, so that who made it sees it at once, and others within seconds.
"""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shop.core.preferences import REFRESH_SECONDS

T = TypeVar("T")

_all: "list[Kept[Any]]" = []


class Kept(Generic[T]):
    """`read` must not depend on who asks or when."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._found: tuple[float, T] | None = None
        _all.append(self)

    def value(self) -> T:
        found = self._found
        if found is None or time.monotonic() - found[0] > REFRESH_SECONDS:
            found = self._found = (time.monotonic(), self._read())
        return found[1]

    def peek(self) -> T | None:
        """What is kept, however old; None where nothing is."""
        return self._found[1] if self._found else None

    def anew(self) -> T:
        """As it is now, for who must not go by what was so a few seconds ago."""
        self.forget()
        return self.value()

    def forget(self) -> None:
        self._found = None


def forget_all() -> None:
    """Read everything anew at the next use (for tests, each of which has a database of its own)."""
    for each in _all:
        each.forget()
