"""What a mechanism of promotions is to an order, and what orders tell it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from members.tiers.models import Tier
from members.tiers.queries import tier_of
from promotions.campaigns.audience import Buyer
from promotions.campaigns.presold import Presold
from promotions.checkout.benefits import member_price
from promotions.discounts.terms import Offered, offered
from promotions.pricing.answers import Adjustment, Quote
from promotions.pricing.model import CartSnapshot, UnitPriceTerms
from shop.catalog.models import Product


@dataclass(frozen=True)
class ActivityAsk:
    """The activity that a buyer comes through; `id` is what its kind is ordered by: an item, an attempt, a draw."""

    kind: str
    id: int
    team_id: int | None = None
    slot_id: int | None = None


@dataclass(frozen=True)
class Knock:
    """Who wants how many units of an activity, before the database was asked anything; `key` is that of an order."""

    member_id: int
    id: int
    units: int
    key: str


@dataclass(frozen=True)
class Asking:
    """Who wants what, when. An order that is being placed (`binding`) needs no terms of what was not asked for."""

    buyer: Buyer
    cart: CartSnapshot
    now: datetime
    binding: bool = False
    activity: ActivityAsk | None = None

    @cached_property
    def offered(self) -> Offered:
        """Timed discounts and spend offers, which are asked for together."""
        return offered(buyer=self.buyer, basket=self.cart.basket, now=self.now, besides=self.member_prices)

    @cached_property
    def tier(self) -> Tier | None:
        return tier_of(self.buyer.tier_id)

    @property
    def member_prices(self) -> tuple[UnitPriceTerms, ...]:
        price = member_price(self.tier) if self.tier else None
        return (price,) if price else ()


@dataclass(frozen=True)
class Taking:
    """An order that takes what its quote applied."""

    order_number: str
    member_id: int
    buyer: Buyer
    cart: CartSnapshot
    quote: Quote
    now: datetime
    activity: ActivityAsk | None = None

    def applied(self, *kinds: str) -> list[Adjustment]:
        return [each for each in self.quote.applied if each.kind in kinds]


@dataclass(frozen=True)
class Settling:
    """A paid order, and what was paid for it in money."""

    order_number: str
    member_id: int
    paid_fen: int
    now: datetime


@dataclass(frozen=True)
class StillStands:
    """What stands of a paid order of which goods came back: units, what its activity takes off them, what is paid.

    `was_sent`: something of it had left the shop, so that what is back was once the member's.
    """

    units: int
    taken_fen: int
    paid_fen: int
    was_sent: bool
    now: datetime


class Mechanism:
    """`kinds` are those of its adjustments; without any of them in a quote there is nothing to claim.

    A crowd waits for the rows of one that `is_scarce`: it claims when all else of the order is done, and so do those
    that come after it.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    is_scarce: ClassVar[bool] = False

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        """What it adds to the fields of `Terms`."""
        return {}

    def taken(self, taking: Taking) -> Sequence[Adjustment]:
        """What the quote applied of it; it is claimed only where there is something."""
        return taking.applied(*self.kinds)

    def conditions(self, taking: Taking) -> list[dict[str, Any]]:
        """Under which terms it gave what it gave, where a return may lose that."""
        return []

    def claim(self, taking: Taking) -> None: ...

    def confirm(self, settling: Settling) -> None: ...

    def release(self, order_number: str, now: datetime) -> None: ...


class Activity(Mechanism, ABC):
    """A mechanism that acts only for who comes through it, on the goods that it sells and nothing besides.

    Its `name` is the `kind` of an `ActivityAsk` and of its adjustments. With `has_gate` a crowd is turned away by
    `admit` before an order is looked at. `held_because` is what its buyer is told while it holds the goods of a paid
    order. It sells goods, or what its `sells` names besides: that needs neither shelf, stock, nor parcel. What
    `is_owed` is the member's already: shelf and limits do not keep it back, and it is no purchase.
    """

    has_gate: ClassVar[bool] = False
    is_owed: ClassVar[bool] = False
    sells: ClassVar[frozenset[str]] = frozenset({Product.Kind.GOODS.value})
    held_because: ClassVar[Any] = _("This order waits for something else before it is sent.")

    @abstractmethod
    def reduce(self, order_number: str, to: StillStands) -> None:
        """Count only what stands of the paid order: in results and budget, quota and limits. Told twice, it changes
        nothing.
        """

    @abstractmethod
    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        """The unit price of the goods in the cart, with `asked` set and `kind` the mechanism's name.

        Raises ActivityNotFound, ActivityGoods, and what says why this buyer may not.
        """

    def pay_within(self, asking: Asking, asked: ActivityAsk) -> timedelta | None:
        """How long its place is held for an unpaid order, where that is not as long as the shop holds all orders."""
        return None

    def presold(self, asking: Asking, asked: ActivityAsk) -> Presold | None:
        """When its goods are sent and how they are paid, where that is not at once and in one."""
        return None

    def kept(self, asked: ActivityAsk, member_id: int) -> Mapping[int, int]:
        """Units of stock by SKU id that wait for this member: nobody else can order them, they can when the shop has
        no others. Given back to the stock by `claim`, before the order takes its own.
        """
        return {}

    def admit(self, knock: Knock, now: datetime) -> Any:
        """A ticket for `settle`, or None where nothing is to be settled. Raises what those are told who may not in."""
        return None

    def look(self, knock: Knock, now: datetime) -> None:
        """Before a quote: raises what `admit` would say, and takes nothing."""

    def settle(self, ticket: Any, placed: bool, refusal: str | None) -> None:
        """Whether the order was placed, or the code of what was said instead."""

    def holds_goods(self, order_number: str) -> bool:
        """Whether the paid order waits for others before anything of it may be sent or given back."""
        return False

    def give(self, order_number: str, now: datetime) -> None:
        """What the paid order is for besides goods, once. Raises what says that it cannot be given."""

    def hold_back(self, order_number: str, units: int, now: datetime) -> None:
        """Money back is asked for so many units of the paid order: what was given for them is not used until that is
        decided. Raises why nothing is paid back for them.
        """

    def let_go_on(self, order_number: str, units: int, since: datetime, now: datetime) -> None:
        """No money goes back after all for so many units, for which it was asked then."""

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        asked = asking.activity
        if asked is None or asked.kind != self.name:
            return {}
        return {"unit_prices": (self.price(asking, asked),)}
