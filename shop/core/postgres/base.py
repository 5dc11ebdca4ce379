"""Before its first statement each request asks whether its kept connection still stands. A server that has ended one
says so on it, so that a look at the socket tells as much as a statement does, without the way there and back.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Nothing waits to be read on a connection that stands. Whatever does is for the server to explain."""
        if self.connection is None or self.connection.closed:
            return False
        look = select.poll()
        look.register(self.connection, select.POLLIN)
        return not look.poll(0) or super().is_usable()
