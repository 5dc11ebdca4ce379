"""One use case, one transaction.

A door (an idempotent API request, the delivery of one outbox row) opens a unit of work of its own, so that what it
records commits together with the effect. A use case called through a door joins it; called from anywhere else it
opens a durable transaction, and being nested in another transaction is an error.
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


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A durable transaction that use cases inside the block join."""
    with transaction.atomic(durable=True):
        token = _inside_door.set(True)
        try:
            yield
        finally:
            _inside_door.reset(token)


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in a durable transaction of its own, or in the unit of work that a door has opened."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside_door.get():
            with transaction.atomic(savepoint=False):
                return function(*args, **kwargs)
        with transaction.atomic(durable=True):
            return function(*args, **kwargs)

    return run
