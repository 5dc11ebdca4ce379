"""One use case, one transaction.

A door (an idempotent API request, the delivery of one outbox row) opens a unit of work of its own, so that what it
records commits together with the effect. A use case called through a door joins it; called from anywhere else it
opens a durable transaction, and being nested in another transaction is an error.

Rows that everybody waits for are taken `at_the_end`: after everything else that the transaction does has been done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")

_inside_door: ContextVar[bool] = ContextVar("inside_door", default=False)
_ends: ContextVar[list[Callable[[], None]] | None] = ContextVar("ends", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A durable transaction that use cases inside the block join."""
    with _transaction():
        token = _inside_door.set(True)
        try:
            yield
        finally:
            _inside_door.reset(token)


def at_the_end(action: Callable[[], None]) -> None:
    """Do this right before the present transaction commits, in the order asked for: whoever comes for the same rows
    waits for nothing else then. What it raises undoes the transaction as if it had been raised at once.

    Outside of use cases and units of work nobody knows where the end is, and it is done at once. Not for a savepoint
    that may be undone by itself: the end would not hear of it.
    """
    ends = _ends.get()
    if ends is None:
        action()
    else:
        ends.append(action)


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in a durable transaction of its own, or in the unit of work that a door has opened."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside_door.get():
            with transaction.atomic(savepoint=False):
                return function(*args, **kwargs)
        with _transaction():
            return function(*args, **kwargs)

    return run


@contextmanager
def _transaction() -> Iterator[None]:
    """A durable one, with an end."""
    with transaction.atomic(durable=True):
        ends: list[Callable[[], None]] = []
        token = _ends.set(ends)
        try:
            yield
            for action in ends:
                action()
        finally:
            _ends.reset(token)
