"""Facts go up: a lower room publishes what came true, upper rooms subscribe.

`shop.core.outbox.publish` writes one row per subscriber inside the caller's transaction and delivers it later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came true. Fields are plain data; instants are UTC. The class name is its stable name."""


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Subscription:
    name: str
    fact: type[Fact]
    handler: Callable[[Any], None]
    in_transaction: bool
    only: Callable[[Any], bool] | None
    turn: int | None
    soon: bool
    queue: str


_by_fact: dict[str, list[Subscription]] = {}
_by_name: dict[str, Subscription] = {}


def subscribe(
    fact: type[F],
    *,
    in_transaction: bool = True,
    only: Callable[[F], bool] | None = None,
    turn: int | None = None,
    soon: bool = False,
    queue: str = "",
) -> Callable[[Callable[[F], None]], Callable[[F], None]]:
    """Register a handler for `fact`; it may be called more than once and late, so it must be idempotent.

    With `in_transaction` its effect commits together with the mark that it was delivered. Without, it may talk to the
    network and opens its own transactions. Facts for which `only` says no are not even written down for it; it looks
    at the fact alone, inside the transaction that publishes.

    Those that have a `turn` share one transaction, in the order of their turns, so the locks that each takes come after
    those of the one before it. When one of them fails, each is delivered by itself.

    Who talks to the network has a task of their own. With `soon` it is that of the delivery which published the fact,
    once it has nothing else to do: for one short call, which costs less than a task. Who works on for long names the
    `queue` of its workers.
    """
    if turn is not None and not in_transaction:
        raise ValueError("who may talk to the network shares no transaction")

    def register(handler: Callable[[F], None]) -> Callable[[F], None]:
        name = f"{handler.__module__}.{handler.__qualname__}"
        subscription = Subscription(name, fact, handler, in_transaction, only, turn, soon, queue)
        _by_name[name] = subscription
        _by_fact.setdefault(fact.__name__, []).append(subscription)
        return handler

    return register


def subscription(name: str) -> Subscription | None:
    return _by_name.get(name)


def subscriptions(fact: type[Fact]) -> Sequence[Subscription]:
    return _by_fact.get(fact.__name__, ())


def receivers(fact: Fact) -> list[Subscription]:
    """Who is told of this very fact."""
    return [each for each in subscriptions(type(fact)) if each.only is None or each.only(fact)]
