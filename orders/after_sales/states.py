"""An order as an after-sale meets it: frozen, free of the database. Money is integer fen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotions.pricing.answers import AppliedOffer


@dataclass(frozen=True, slots=True)
class GiftState:
    """By which tier of which offer a line was given, and what a unit of it sells for."""

    offer_id: int
    tier_id: int
    worth_fen: int


@dataclass(frozen=True, slots=True)
class LineState:
    """A line as it was ordered, and how far it has come back: `units_back` counts every after-sale that gives back,
    agreed or done. `offer_shares` holds what each spend offer took off it, by offer id.
    """

    position: int
    name: str
    sku_id: int
    units: int
    payable_fen: int
    points: int = 0
    coupon_fen: int = 0
    units_back: int = 0
    units_shipped: int = 0
    offer_shares: Mapping[int, int] = field(default_factory=dict)
    gift: GiftState | None = None


@dataclass(frozen=True, slots=True)
class OfferState:
    """A spend offer that acted, and what it paid of the freight."""

    applied: AppliedOffer
    freight_fen: int = 0


@dataclass(frozen=True, slots=True)
class CouponState:
    """A coupon that the order used, and the lines that it acted on; none of them where it paid freight."""

    id: int
    label: str
    lines: frozenset[int] = frozenset()
    expired: bool = False
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """`deducted` is what earlier after-sales have deducted on balance, by `Deduction.key`."""

    lines: tuple[LineState, ...]
    freight_fen: int = 0
    freight_back_fen: int = 0
    offers: tuple[OfferState, ...] = ()
    coupons: tuple[CouponState, ...] = ()
    deducted: Mapping[str, int] = field(default_factory=dict)
