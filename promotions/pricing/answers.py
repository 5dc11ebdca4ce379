"""What pricing answers: frozen, free of the database. Money is integer fen.

Always: a line's payable is its subtotal plus its adjustments and is never negative; the quote's payable is the sum of
its lines' payables plus freight.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec import Struct

from promotions.pricing.model import Mechanism, Refusal, SpendOfferTerms


class Adjustment(Struct, frozen=True):
    """A change of what is paid for a line (or for freight) and its cause; discounts are negative.

    `version` is that of the promotion's rules at this moment; `points` is how many points paid for it, `units` how many
    units have a special price.
    """

    kind: str
    id: int | None
    label: str
    amount_fen: int
    version: int | None = None
    points: int = 0
    units: int = 0


class Rejection(Struct, frozen=True):
    """Something that does not act, and why; `asked` tells what the buyer selected from what the shop merely offers."""

    kind: str
    id: int | None
    code: str
    message: Any
    asked: bool = True


class Counted(Struct, frozen=True):
    """Units of one SKU as an offer met them: what they counted for (fen or units), and their net at that moment."""

    sku_id: int
    units: int
    measured: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class AppliedOffer:
    """An offer that acted, under these terms and for these goods: what a return is held against."""

    terms: SpendOfferTerms
    counted: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class GiftLine:
    """Units that go along for nothing, and the offer that gives them, by which of its tiers."""

    sku_id: int
    quantity: int
    label: str
    kind: str
    id: int
    tier_id: int = 0


class CouponOption(Struct, frozen=True):
    """A coupon of the buyer's on this cart: what it takes off by itself, or why it does not."""

    id: int
    label: str
    amount_fen: int
    refusal: Refusal | None = None


class PricedLine(Struct, frozen=True):
    sku_id: int
    quantity: int
    unit_price_fen: int
    payable_fen: int
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def subtotal_fen(self) -> int:
        return self.unit_price_fen * self.quantity

    @property
    def points(self) -> int:
        return sum(each.points for each in self.adjustments)


@dataclass(frozen=True)
class Quote:
    """`freight_fen` is what is left to pay of freight after `freight_adjustments`; `applied` sums each cause up."""

    lines: tuple[PricedLine, ...] = ()
    gifts: tuple[GiftLine, ...] = ()
    offers: tuple[AppliedOffer, ...] = ()
    freight_fen: int | None = None
    freight_adjustments: tuple[Adjustment, ...] = ()
    applied: tuple[Adjustment, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    coupon_ids: tuple[int, ...] = ()
    usable_coupons: tuple[CouponOption, ...] = ()
    points_used: int = 0

    @cached_property
    def goods_fen(self) -> int:
        """At list price."""
        return sum([line.subtotal_fen for line in self.lines])

    @cached_property
    def discount_fen(self) -> int:
        return self.goods_fen - sum([line.payable_fen for line in self.lines])

    @property
    def points_discount_fen(self) -> int:
        """The part of the discount that points pay."""
        return -sum(
            [each.amount_fen for line in self.lines for each in line.adjustments if each.kind == Mechanism.POINTS]
        )

    @property
    def payable_fen(self) -> int:
        """Freight counts as nothing while it is unknown."""
        return self.goods_fen - self.discount_fen + (self.freight_fen or 0)
