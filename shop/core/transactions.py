"""One use case, one transaction.

A door (an idempotent API request, the delivery of one outbox row) opens a unit of work of its own, so that what it
records commits together with the effect. A use case called through a door joins it; called from anywhere else it
opens a durable transaction, and being nested in another transaction is an error.

A refusal undoes all of it. What must be written down because of the refusal, such as a campaign that ends when a claim
exceeds its budget, is handed to `after_rollback`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")

Action = Callable[[], object]

log = structlog.get_logger(__name__)

_inside_door: ContextVar[bool] = ContextVar("inside_door", default=False)
_aftermath: ContextVar[list[Action] | None] = ContextVar("aftermath", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """A durable transaction that use cases inside the block join."""
    with _whole_transaction():
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
        with _whole_transaction():
            return function(*args, **kwargs)

    return run


def after_rollback(action: Action) -> None:
    """Do `action` when the refusal that the caller is about to raise has undone the transaction, and only then."""
    aftermath = _aftermath.get()
    if aftermath is None:
        raise RuntimeError("after_rollback belongs inside a use case or a door")
    aftermath.append(action)


@contextmanager
def _whole_transaction() -> Iterator[None]:
    aftermath: list[Action] = []
    token = _aftermath.set(aftermath)
    undone = True
    try:
        with transaction.atomic(durable=True):
            yield
        undone = False
    finally:
        _aftermath.reset(token)
        if undone:
            _do_all(aftermath)


def _do_all(actions: list[Action]) -> None:
    """The refusal is on its way to the caller and is what they must see, so that a failure here is only logged."""
    for action in actions:
        try:
            action()
        except Exception:
            log.exception("after_rollback_failed")
