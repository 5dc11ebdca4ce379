"""A sweep in which what fails holds up nothing: the others have their turn, then all that failed is raised together."""

from collections.abc import Iterator
from contextlib import contextmanager

SHOWN = 5


class Failures:
    def __init__(self, message: str) -> None:
        self._message = message
        self._errors: dict[str, Exception] = {}

    @contextmanager
    def of(self, name: object) -> Iterator[None]:
        """The turn of what is called `name`."""
        try:
            yield
        except Exception as error:
            error.add_note(str(name))
            self._errors[str(name)] = error

    def raise_them(self) -> None:
        """At the end, so that the job is seen as failed, and of what."""
        if self._errors:
            names = ", ".join(list(self._errors)[:SHOWN])
            raise ExceptionGroup(f"{self._message}: {names}", list(self._errors.values()))
