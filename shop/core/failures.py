"""A sweep in which what fails holds up nothing: the others have their turn, then all that failed is raised together."""

from collections.abc import Iterator
from contextlib import contextmanager


class Failures:
    def __init__(self, message: str) -> None:
        self._message = message
        self._errors: list[Exception] = []

    @contextmanager
    def of(self, name: object) -> Iterator[None]:
        """The turn of what is called `name`."""
        try:
            yield
        except Exception as error:
            error.add_note(str(name))
            self._errors.append(error)

    def raise_them(self) -> None:
        """At the end, for the job to be seen as failed."""
        if self._errors:
            raise ExceptionGroup(self._message, self._errors)
