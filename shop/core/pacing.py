"""Long works take a share of the time, so that whoever shops meanwhile hardly notices.

Niceness would not do: a database works for its client at a priority of its own, and processes of different sessions
share a machine by session, whatever they call themselves. A pause does, everywhere: who rests four times as long as he
has worked has had at most a fifth of one processor, and on a busy machine, where the same work takes longer, less.
"""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.conf import settings

T = TypeVar("T")


class Pace:
    """Begins with the work; `LONG_WORK_SHARE` is 1 where long works have a machine of their own."""

    def __init__(self, share: float | None = None) -> None:
        self.share = share or settings.LONG_WORK_SHARE
        self._since = time.monotonic()

    def rest(self) -> None:
        """Called between two pieces, outside of transactions: sleeps in proportion to the piece just done."""
        worked = time.monotonic() - self._since
        time.sleep(worked * (1 / self.share - 1))
        self._since = time.monotonic()

    def along(self, things: Iterable[T], *, every: int) -> Iterator[T]:
        """The same things, with a rest after each so many of them."""
        for number, thing in enumerate(things, 1):
            yield thing
            if number % every == 0:
                self.rest()
