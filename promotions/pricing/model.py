"""What pricing reads: frozen, free of the database. Money is integer fen, shares are basis points.

`CartSnapshot` is what the buyer wants, `Terms` what the shop offers for it; what comes of them is in `answers`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct

from promotions.pricing.scopes import EVERYTHING, Basket, Scope

WHOLE_BP = 10_000


class Stage(StrEnum):
    """The order in which a price comes about; each stage acts on the net that the one before it left."""

    PRICE = "price"
    SPEND_OFFERS = "spend_offers"
    COUPONS = "coupons"
    POINTS = "points"
    FREIGHT = "freight"


class Mechanism(StrEnum):
    """Who takes something off a price: the rows and columns of the combination matrix."""

    ACTIVITY = "activity"
    MEMBER_PRICE = "member_price"
    TIMED_DISCOUNT = "timed_discount"
    SPEND_OFFER = "spend_offer"
    COUPON = "coupon"
    SHIPPING_COUPON = "shipping_coupon"
    POINTS = "points"


# A promotion by its mechanism and id, 0 where it has none.
Campaign = tuple[Mechanism, int]


class PricingLine(Struct, frozen=True):
    """Units of one SKU at its list price, and how far promotions may lower it.

    `category_path` is the materialised path of the product's category. `floor_price_fen` is what a unit costs at
    least, `max_discount_bp` the share of the list price that may be taken off at most, whoever takes it.
    """

    sku_id: int
    quantity: int
    unit_price_fen: int
    product_id: int = 0
    category_path: str = ""
    floor_price_fen: int = 0
    max_discount_bp: int = WHOLE_BP

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.unit_price_fen < 0:
            raise ValueError("a line has at least one unit and no negative price")

    @property
    def subtotal_fen(self) -> int:
        return self.unit_price_fen * self.quantity

    @property
    def least_unit_fen(self) -> int:
        """What a unit costs at least, never more than its list price."""
        least = self.floor_price_fen
        if self.max_discount_bp < WHOLE_BP:
            least = max(least, -(-self.unit_price_fen * (WHOLE_BP - self.max_discount_bp) // WHOLE_BP))
        return min(least, self.unit_price_fen)


@dataclass(frozen=True)
class CartSnapshot:
    """What the buyer wants. `freight_fen` is None while nobody knows where the goods go.

    A SKU appears in one line only. `freight_fen` is freight before any promotion.
    """

    lines: tuple[PricingLine, ...]
    freight_fen: int | None = None
    coupon_ids: tuple[int, ...] | Literal["best"] = ()
    points_to_use: int | Literal["max"] = 0

    def __post_init__(self) -> None:
        if len({line.sku_id for line in self.lines}) != len(self.lines):
            raise ValueError("a SKU appears in one line only")

    @cached_property
    def basket(self) -> Basket[PricingLine]:
        """The lines by SKU id, so that the order in which a cart comes changes no fen."""
        return Basket(sorted(self.lines, key=lambda line: line.sku_id))


@dataclass(frozen=True, slots=True)
class UnitPriceTerms:
    """A unit price in place of the list price: `unit_price_fen`, or `off_bp` off the list price.

    `max_units` of a line have it, the rest costs the list price. With `asked` the buyer came through this activity:
    its price stands on its lines whatever else is offered. `points` are paid for each unit besides. `below_floor` tells
    that the goods are given rather than sold: no least price holds them. `refuses` names mechanisms that this promotion
    does not combine with, whatever the matrix says. `kind` is what adjustments are called, by default the mechanism.
    """

    id: int | None
    label: str
    mechanism: Mechanism
    scope: Scope
    unit_price_fen: int | None = None
    off_bp: int = 0
    max_units: int | None = None
    asked: bool = False
    points: int = 0
    below_floor: bool = False
    kind: str = ""
    version: int | None = None
    refuses: frozenset[Mechanism] = frozenset()

    @property
    def campaign(self) -> Campaign:
        return self.mechanism, self.id or 0

    @property
    def cause(self) -> tuple[str, int]:
        """By which kind and id its adjustments are known."""
        return self.kind or self.mechanism.value, self.id or 0


class Measure(StrEnum):
    AMOUNT = "amount"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Gift:
    """Units of a SKU given for nothing; `available` is what the shop has of it, whoever gives it, `quota` what is left
    to the tier, and `tier_id` who counts them.
    """

    sku_id: int
    quantity: int
    label: str
    available: int = 2**31
    tier_id: int = 0
    quota: int = 2**31


@dataclass(frozen=True, slots=True)
class SpendTier:
    """From `threshold` on (fen or units, by the offer's measure): an amount or a share off, free shipping, gifts."""

    threshold: int
    off_fen: int = 0
    off_bp: int = 0
    free_shipping: bool = False
    gifts: tuple[Gift, ...] = ()


@dataclass(frozen=True, slots=True)
class SpendOfferTerms:
    """Spend so much, or buy so many, of the goods in scope and get what the highest tier reached gives.

    `tiers` rise by threshold. With `repeats` the amount off and the gifts of the tier reached are given as often as its
    threshold fits in. `cap_fen` limits what the offer takes off. Measured on what earlier stages left.
    """

    id: int
    label: str
    scope: Scope
    tiers: tuple[SpendTier, ...]
    measure: Measure = Measure.AMOUNT
    repeats: bool = False
    cap_fen: int | None = None
    version: int | None = None
    refuses: frozenset[Mechanism] = frozenset()

    @property
    def campaign(self) -> Campaign:
        return Mechanism.SPEND_OFFER, self.id

    @property
    def cause(self) -> tuple[str, int]:
        return Mechanism.SPEND_OFFER.value, self.id


class CouponKind(StrEnum):
    """In the order in which coupons act when several do."""

    EXCHANGE = "exchange"
    PERCENT = "percent"
    AMOUNT = "amount"
    SHIPPING = "shipping"


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    message: Any


class CouponTerms(Struct, frozen=True):
    """A coupon that the buyer holds; `id` is the coupon's, not its template's.

    `threshold_fen` is reached by the goods in scope as earlier stages left them, `threshold_count` by their units.
    AMOUNT takes `off_fen`, PERCENT `off_bp` up to `cap_fen`, EXCHANGE pays `units` of the dearest line in scope but for
    `pay_fen` each, SHIPPING pays freight up to `cap_fen`. A coupon that cannot be used now, whatever is in the cart,
    carries the `refusal`.
    """

    id: int
    label: str
    kind: CouponKind
    template_id: int | None = None
    scope: Scope = EVERYTHING
    threshold_fen: int = 0
    threshold_count: int = 0
    off_fen: int = 0
    off_bp: int = 0
    cap_fen: int | None = None
    units: int = 1
    pay_fen: int = 0
    refusal: Refusal | None = None
    version: int | None = None
    refuses: frozenset[Mechanism] = frozenset()

    @property
    def mechanism(self) -> Mechanism:
        return Mechanism.SHIPPING_COUPON if self.kind == CouponKind.SHIPPING else Mechanism.COUPON


@dataclass(frozen=True, slots=True)
class PointsTerms:
    """How the buyer may pay with points: at least `minimum`, in whole `step`s, up to `cap_bp` of the goods' net.

    `label` names an activity that makes these terms better than usual.
    """

    available: int = 0
    points_per_yuan: int = 100
    cap_bp: int = WHOLE_BP
    step: int = 1
    minimum: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class FreightTerms:
    """A benefit that pays freight in full, such as free shipping of a tier."""

    kind: str
    id: int | None
    label: str


@dataclass(frozen=True)
class Combination:
    """Who combines with whom. `refused` holds pairs (who refuses, whom): two combine when neither side refuses."""

    refused: frozenset[tuple[Mechanism, Mechanism]] = frozenset(
        {
            (Mechanism.ACTIVITY, Mechanism.SPEND_OFFER),
            (Mechanism.ACTIVITY, Mechanism.COUPON),
            (Mechanism.SPEND_OFFER, Mechanism.SPEND_OFFER),
            (Mechanism.COUPON, Mechanism.COUPON),
        }
    )

    def agree(self, one: Mechanism, other: Mechanism) -> bool:
        return (one, other) not in self.refused and (other, one) not in self.refused


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """How far offers, coupons and points together may lower an order's goods: what the shop shows as prices stands."""

    floor_fen: int = 0
    max_discount_bp: int = WHOLE_BP
    max_coupons: int = 5


@dataclass(frozen=True)
class Terms:
    """Everything the shop offers for a cart. Promotions that touch none of its lines may be left out.

    `budgets`: fen left, by kind and id of adjustments, where there is a budget; `gift_costs`: what a unit of a gift
    takes of them, by tier.
    """

    unit_prices: tuple[UnitPriceTerms, ...] = ()
    spend_offers: tuple[SpendOfferTerms, ...] = ()
    coupons: tuple[CouponTerms, ...] = ()
    points: PointsTerms = field(default_factory=PointsTerms)
    freight: tuple[FreightTerms, ...] = ()
    combination: Combination = field(default_factory=Combination)
    limits: OrderLimits = field(default_factory=OrderLimits)
    budgets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    gift_costs: Mapping[int, int] = field(default_factory=dict)

    def without(self, causes: Collection[tuple[str, int]]) -> "Terms":
        """The same less the unit prices and spend offers of this kind and id."""
        return replace(
            self,
            unit_prices=tuple(each for each in self.unit_prices if each.cause not in causes),
            spend_offers=tuple(each for each in self.spend_offers if each.cause not in causes),
        )
