"""One pricing under way: the cart in its own order, what is left to pay, and everything that has been written down."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext

from promotions.pricing.answers import Adjustment, AppliedOffer, CouponOption, GiftLine, PricedLine, Quote, Rejection
from promotions.pricing.balance import NOBODY, Balance, Etiquette, Party, Places
from promotions.pricing.cheapest import Effort
from promotions.pricing.model import (
    WHOLE_BP,
    Campaign,
    CartSnapshot,
    CouponTerms,
    Mechanism,
    SpendOfferTerms,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.purse import Cost, Purse, purse_of
from promotions.pricing.scopes import Scoped

# Looks taken in all pricings of a cart together; then the best met is taken. The best coupons that were met are named
# then, and so is none, which has to be fast.
EFFORT, NAMED_EFFORT = 25_000, 7_000
# More than anything costs.
UNKNOWN = 2**62
# Kind, id, label and version of what takes something off.
Cause = tuple[str, int | None, Any, int | None]


class Setting:
    """What all pricings of a cart share, however often it is priced: its lines, the promotions, and where they act.

    `campaigns` are the unit prices that it may be priced without, `met` those of them that acted in any pricing,
    `effort` is what may still be spent on all searches together.
    """

    def __init__(self, cart: CartSnapshot, terms: Terms) -> None:
        self.cart, self.terms = cart, terms
        self.basket, self.lines = cart.basket, cart.basket.lines
        self.quantities = [line.quantity for line in self.lines]
        self.subtotals = [line.subtotal_fen for line in self.lines]
        self.least = [line.least_unit_fen * line.quantity for line in self.lines]
        prices = [(each.mechanism, each.refuses) for each in terms.unit_prices]
        later = [
            (Mechanism.POINTS, NOBODY),
            *((each.mechanism, each.refuses) for each in terms.coupons),
            *((Mechanism.SPEND_OFFER, each.refuses) for each in terms.spend_offers),
        ]
        self.etiquette = Etiquette(terms.combination, [*later, *prices])
        self.purse = purse_of(cart, terms, self.etiquette.party(Mechanism.POINTS), sum(self.least))
        self.campaigns = {each.campaign for each in terms.unit_prices if not each.asked}
        self.met: set[Campaign] = set()
        self._later = {self.etiquette.party(*each) for each in later[self.purse.is_empty :]}
        self._makes_way: dict[Party, bool] = {}
        is_choice = cart.coupon_ids == "best" and terms.coupons
        self.effort = Effort(EFFORT if is_choice else NAMED_EFFORT)
        # The coupons of the cart on the lines where they may act, for `tickets`.
        self.tickets: dict[tuple[int, Places], Any] = {}
        self._places: dict[int, Places] = {}
        self._words: dict[str, str] = {}

    @cached_property
    def looks(self) -> int:
        """How much there is to look at for a price: lines, promotions, and the lines that each of these covers."""
        terms: tuple[Scoped, ...] = (*self.terms.unit_prices, *self.terms.spend_offers, *self.terms.coupons)
        return 1 + len(self.lines) + sum([1 + len(self.places(each)) for each in terms])

    @cached_property
    def wanted(self) -> list[tuple[CouponTerms, Party, Places]]:
        """The coupons that the buyer wants to use, as who takes part in the price, and the lines that they cover."""
        asked, party = self.cart.coupon_ids, self.etiquette.party
        return [
            (each, party(each.mechanism, each.refuses), self.places(each))
            for each in self.terms.coupons
            if each.refusal is None and (asked == "best" or each.id in asked)
        ]

    def listed(self, *, freight: int | None) -> Balance:
        """The balance at list price."""
        balance = Balance(self.subtotals.copy(), self.least, 0, freight, [0] * len(self.lines))
        self.limit_order(balance)
        return balance

    def limit_order(self, balance: Balance) -> None:
        """From now on the order as a whole has a limit: what the shop shows as prices stands, what follows is held."""
        limits, goods = self.terms.limits, sum(self.subtotals)
        kept = max(limits.floor_fen, -(-goods * (WHOLE_BP - limits.max_discount_bp) // WHOLE_BP))
        balance.order_room = max(0, sum(balance.net) - kept)

    def listed_fen(self, places: Places) -> int:
        """What the lines at `places` cost at list price."""
        return sum([self.subtotals[place] for place in places])

    def say(self, sentence: str) -> str:
        """In the buyer's language, which is asked for once."""
        found = self._words.get(sentence)
        if found is None:
            found = self._words[sentence] = gettext(sentence)
        return found

    def places(self, terms: Scoped) -> Places:
        """Of the lines that a promotion covers, rising."""
        found = self._places.get(id(terms))
        if found is None:
            found = self._places[id(terms)] = self.basket.places(terms.scope)
        return found

    def makes_way(self, party: Party) -> bool:
        """Whether unit prices of this party make way on their lines: they keep somebody off them, and not everybody,
        so that others find more there.
        """
        found = self._makes_way.get(party)
        if found is None:
            found = self._makes_way[party] = len({each.agrees_with(party) for each in self._later}) > 1
        return found

    @cached_property
    def some_make_way(self) -> bool:
        parties = {self.etiquette.party(each.mechanism, each.refuses) for each in self.terms.unit_prices}
        return any(map(self.makes_way, parties))


class Limit(NamedTuple):
    """A price that another one has to fall below, and what offers and coupons take off of that at most."""

    cost: Cost
    most_off_fen: int

    def is_reached(self, w: "Workings") -> bool:
        return w.setting.purse.at_least(w.shown.payable - self.most_off_fen) >= self.cost


class Workings:
    """`absent` are the unit prices left out of this pricing, `hinderers` those without which others might take off
    more, together `hope_fen` at most; `shown` is what unit prices leave to pay. It `may_round` where so little is taken
    off that the rounding of others counts.
    """

    def __init__(self, setting: Setting, absent: Set[Campaign]) -> None:
        self.setting, self.absent = setting, absent
        self.cart, self.terms, self.lines = setting.cart, setting.terms, setting.lines
        self.etiquette, self.places = setting.etiquette, setting.places
        self.balance = setting.listed(freight=setting.cart.freight_fen)
        self.adjustments: list[list[Adjustment]] = [[] for _ in self.lines]
        self.freight_adjustments: list[Adjustment] = []
        self.gifts: list[GiftLine] = []
        self.offers: list[AppliedOffer] = []
        self.rejected: list[Rejection] = []
        self.coupon_ids: list[int] = []
        self.options: list[CouponOption] = []
        self.points_used = 0
        self.freight_fen: int | None = None
        self.before_points = UNKNOWN
        self.cost: Cost = (UNKNOWN, 0)
        self.shown = self.balance
        self.hinderers: set[Campaign] = set()
        self.hope_fen = 0
        self.may_round = False
        self._acted: list[list[tuple[Campaign, Party]]] = [[] for _ in self.lines]
        self._applied: dict[Cause, tuple[int, int]] = {}

    @property
    def purse(self) -> Purse:
        """The buyer's points less those that unit prices have used."""
        purse = self.setting.purse
        return replace(purse, spent=self.points_used) if self.points_used else purse

    def note(self, campaign: Campaign, party: Party, places: Places) -> None:
        """A campaign that could be left out acts on these lines."""
        self.setting.met.add(campaign)
        for place in places:
            self._acted[place].append((campaign, party))

    def blame(self, places: Places, party: Party | None = None) -> None:
        """Whoever has acted on these lines, or does not agree with `party` of those, hinders another."""
        for place in places:
            self.hinderers.update(
                [each for each, other in self._acted[place] if party is None or not party.agrees_with(other)]
            )

    def credit(
        self,
        cause: "UnitPriceTerms | SpendOfferTerms | CouponTerms",
        kind: str,
        shares: Iterable[tuple[int, int]],
        units: int = 0,
        points: int = 0,
    ) -> None:
        """Write down what `cause` took off the lines, pairs of place and fen, and the `points` that pay for it."""
        taken = 0
        for place, share in shares:
            if share or points:
                self.adjustments[place].append(
                    Adjustment(kind, cause.id, cause.label, -share, cause.version, points, units)
                )
                taken += share
        self.points_used += points
        self._sum_up((kind, cause.id, cause.label, cause.version), -taken, points)

    def credit_points(self, label: Any, places: Sequence[int], fen: Sequence[int], points: Sequence[int]) -> None:
        for place, share, units in zip(places, fen, points, strict=True):
            if share or units:
                self.adjustments[place].append(Adjustment(Mechanism.POINTS, None, label, -share, points=units))
        self._sum_up((Mechanism.POINTS, None, label, None), -sum(fen), sum(points))

    def credit_freight(self, kind: str, id_: int | None, label: str, fen: int, version: int | None = None) -> None:
        """Write down what pays `fen` of freight: nothing yet while freight is unknown, and still it has acted."""
        if fen:
            self.freight_adjustments.append(Adjustment(kind, id_, label, -fen, version))
        self._sum_up((kind, id_, label, version), -fen)

    def reject(self, kind: str, id_: int | None, code: str, message: Any, *, asked: bool = True) -> None:
        self.rejected.append(Rejection(kind, id_, code, message, asked))

    def taken(self) -> list[int]:
        """What each cause has taken off so far, in fen."""
        return [-fen for fen, _points in self._applied.values()]

    def quote(self) -> Quote:
        by_sku = {
            line.sku_id: PricedLine(line.sku_id, line.quantity, line.unit_price_fen, payable_fen, tuple(changes))
            for line, payable_fen, changes in zip(self.lines, self.balance.net, self.adjustments, strict=True)
        }
        return Quote(
            lines=tuple(by_sku[line.sku_id] for line in self.cart.lines),
            gifts=tuple(self.gifts),
            offers=tuple(self.offers),
            freight_fen=self.freight_fen,
            freight_adjustments=tuple(self.freight_adjustments),
            applied=tuple(
                Adjustment(*cause[:3], fen, cause[3], points) for cause, (fen, points) in self._applied.items()
            ),
            rejected=tuple(self.rejected),
            coupon_ids=tuple(self.coupon_ids),
            usable_coupons=tuple(self.options),
            points_used=self.points_used,
        )

    def _sum_up(self, cause: Cause, fen: int, points: int = 0) -> None:
        fen_before, points_before = self._applied.get(cause, (0, 0))
        self._applied[cause] = (fen_before + fen, points_before + points)
