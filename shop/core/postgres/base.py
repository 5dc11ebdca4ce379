"""Before its first statement each request asks whether its kept connection still stands.

On one that was in use a moment ago a look at the socket tells as much as a statement does, without the way there and
back: a server that has ended it says so on it. On one that has been idle the statement is sent, because the network may
have lost it without a word.
"""

import select
from time import monotonic
from typing import Any

from django.db.backends.postgresql import base

TRUSTED_SECONDS = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._asked_at = float("-inf")

    def is_usable(self) -> bool:
        """Nothing waits to be read on a connection that stands. Whatever does is for the server to explain."""
        if self.connection is None or self.connection.closed:
            return False
        idle, self._asked_at = monotonic() - self._asked_at, monotonic()
        look = select.poll()
        look.register(self.connection, select.POLLIN)
        return (idle < TRUSTED_SECONDS and not look.poll(0)) or super().is_usable()
