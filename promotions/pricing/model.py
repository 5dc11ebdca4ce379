"""What pricing reads and answers: frozen, free of the database. Money is integer fen.

Always: a line's payable is its subtotal plus its adjustments and is never negative; the quote's payable is the sum of
its lines' payables plus freight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Stage(StrEnum):
    """The order in which a price comes about; each stage acts on the net that the one before it left."""

    PRICE = "price"
    SPEND_OFFERS = "spend_offers"
    COUPONS = "coupons"
    POINTS = "points"
    FREIGHT = "freight"


@dataclass(frozen=True)
class PricingLine:
    """Units of one SKU at its list price."""

    sku_id: int
    quantity: int
    unit_price_fen: int

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.unit_price_fen < 0:
            raise ValueError("a line has at least one unit and no negative price")


@dataclass(frozen=True)
class CartSnapshot:
    """Everything a price depends on. `freight_fen` is None while nobody knows where the goods go.

    A SKU appears in one line only. `coupon_ids` and `points_to_use` are what the buyer asks for.
    """

    lines: tuple[PricingLine, ...]
    freight_fen: int | None = None
    coupon_ids: tuple[int, ...] | Literal["best"] = ()
    points_to_use: int | Literal["max"] = 0

    def __post_init__(self) -> None:
        if len({line.sku_id for line in self.lines}) != len(self.lines):
            raise ValueError("a SKU appears in one line only")


@dataclass(frozen=True)
class Adjustment:
    """A change of what is paid for a line (or for freight) and its cause; discounts are negative."""

    kind: str
    id: int | None
    label: str
    amount_fen: int


@dataclass(frozen=True)
class Rejection:
    """Something that the buyer asked for and that does not act, and why."""

    kind: str
    id: int | None
    code: str
    message: Any


@dataclass(frozen=True)
class PricedLine:
    sku_id: int
    quantity: int
    unit_price_fen: int
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def subtotal_fen(self) -> int:
        return self.unit_price_fen * self.quantity

    @property
    def payable_fen(self) -> int:
        return self.subtotal_fen + total(self.adjustments)


@dataclass(frozen=True)
class Quote:
    lines: tuple[PricedLine, ...] = ()
    freight_fen: int | None = None
    applied: tuple[Adjustment, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    usable_coupons: tuple[Any, ...] = ()
    points_used: int = 0
    points_to_earn: int = 0

    @property
    def goods_fen(self) -> int:
        """At list price."""
        return sum(line.subtotal_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        return -sum(total(line.adjustments) for line in self.lines)

    @property
    def points_discount_fen(self) -> int:
        """The part of the discount that points pay."""
        return -sum(each.amount_fen for line in self.lines for each in line.adjustments if each.kind == "points")

    @property
    def payable_fen(self) -> int:
        """Freight counts as nothing while it is unknown."""
        return self.goods_fen - self.discount_fen + (self.freight_fen or 0)


def total(adjustments: Sequence[Adjustment]) -> int:
    return sum(each.amount_fen for each in adjustments)
