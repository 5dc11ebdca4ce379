"""What members can earn points by.

Kinds of events are declared in code, beside whoever makes them come true, so that the merchant is offered only what
really happens. An event carries all that a rule may look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from shop.core.clock import business_day


@dataclass(frozen=True)
class EventKind:
    """`has_goods`: it has lines with amounts; `has_streak`: it counts days in a row; `pending`: its points wait until
    somebody says when they mature."""

    code: str
    label: Any
    has_goods: bool = False
    has_streak: bool = False
    pending: bool = False


_declared: dict[str, EventKind] = {}


def declare(kind: EventKind) -> EventKind:
    if kind.code in _declared:
        raise ValueError(f"earning event {kind.code} is declared twice")
    _declared[kind.code] = kind
    return kind


def declared_kinds() -> Mapping[str, EventKind]:
    return dict(_declared)


def kind_of(code: str) -> EventKind:
    """An unknown kind is shown by its code: the room that declared it may be gone."""
    return _declared.get(code) or EventKind(code, code)


ORDER = declare(EventKind("order", _("Purchase"), has_goods=True, pending=True))


class EarningLine(Struct, frozen=True):
    """Goods of an order; `net_fen` is what is paid for all units of the line, `category_path` as in the tree."""

    sku_id: int
    product_id: int
    category_path: str
    quantity: int
    net_fen: int
    brand_id: int | None = None


@dataclass(frozen=True)
class EarningEvent:
    """Something that a member did. The reference names the one occasion."""

    kind: str
    reference: str
    member_id: int
    at: datetime
    lines: tuple[EarningLine, ...] = ()
    channel: str = ""
    is_first_order: bool = False
    streak: int = 0

    @cached_property
    def worth_fen(self) -> int:
        return sum(line.net_fen for line in self.lines)

    @cached_property
    def net_fen(self) -> tuple[int, ...]:
        """What is paid, line by line. Without goods, the event itself is the one line, for which nothing is paid."""
        return tuple(line.net_fen for line in self.lines) or (0,)

    @cached_property
    def day(self) -> date:
        """In Asia/Shanghai."""
        return business_day(self.at)


@dataclass(frozen=True)
class Earner:
    """The member at the moment of the event; nobody in particular has no id."""

    member_id: int | None
    tier_code: str
    multiplier_bp: int
    segment_ids: frozenset[int] = frozenset()
