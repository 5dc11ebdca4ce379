"""Spend offers on the lines that they cover, and those that together take the most off."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

from promotions.pricing.answers import AppliedOffer, Counted
from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.cheapest import Effort, cheapest
from promotions.pricing.model import WHOLE_BP, Measure, Mechanism, PricingLine, SpendOfferTerms, SpendTier
from promotions.pricing.workings import Workings

# Of the effort that is left the offers that meet on lines take at most a twelfth.
OFFERS = 12
Reached = Sequence[tuple[SpendTier, int]]


class Offer:
    """An offer on the lines that it covers; `measures` are what it counts of every line."""

    def __init__(self, terms: SpendOfferTerms, places: Places, measures: Sequence[int], party: Party) -> None:
        self.terms, self.places, self.party = terms, places, party
        self._measures = measures
        self._may_ship_free = any(tier.free_shipping for tier in terms.tiers)
        self._reached: dict[Places, Reached] = {}
        # The lines that nobody else keeps it from, once it is known who acts before it.
        self.undisputed = 0

    @cached_property
    def lines(self) -> int:
        return sum([1 << place for place in self.places])

    @property
    def effect(self) -> Hashable:
        return self.terms.id

    @property
    def kin(self) -> None:
        """Which lines it acts on tells who its rivals are."""

    def agrees_with(self, other: "Offer") -> bool:
        """Offers that refuse each other may still act on different lines."""
        return True

    def is_in_the_way_of(self, other: "Offer") -> bool:
        """Whether the other does not act with it on some line."""
        return bool(self.lines & other.lines) and not self.party.agrees_with(other.party)

    def leaves_nothing(self, other: "Offer") -> bool:
        own = self.lines if self.party == other.party else self.undisputed
        return not (self.party.agrees_with(other.party) or other.lines & ~own)

    def measured(self, places: Places) -> int:
        measures = self._measures
        return sum([measures[place] for place in places])

    def reached(self, places: Places) -> Reached:
        """The tiers reached, rising, each with how often it is given."""
        found = self._reached.get(places)
        if found is None:
            terms, amount = self.terms, self.measured(places)
            found = self._reached[places] = [
                (tier, times_given(terms, tier, amount)) for tier in terms.tiers if places and amount >= tier.threshold
            ]
        return found

    def money_off(self, balance: Balance, places: Places) -> int:
        off = self.wanted(balance, places)
        return min(off, balance.room(places)) if off else 0

    def may_round(self, balance: Balance, few: int) -> bool:
        """Whether it takes off few fen, or has so little room, that it matters how others are rounded."""
        places = balance.open_places(self.party, self.places)
        wanted = self.wanted(balance, places)
        return wanted > balance.room(places) or 0 < wanted <= few

    def wanted(self, balance: Balance, places: Places) -> int:
        """What it would take off if there is room."""
        reached = self.reached(places)
        if not reached:
            return 0
        base = balance.base(places)
        off = max([tier.off_fen * times + base * tier.off_bp // WHOLE_BP for tier, times in reached])
        return off if self.terms.cap_fen is None else min(off, self.terms.cap_fen)

    def applied(self, lines: Sequence[PricingLine], balance: Balance, places: Places) -> AppliedOffer:
        """Written down before it acts."""
        counted = (Counted(lines[at].sku_id, lines[at].quantity, self._measures[at], balance.net[at]) for at in places)
        return AppliedOffer(self.terms, tuple(counted))

    def ships_free(self, places: Places) -> bool:
        return self._may_ship_free and any(tier.free_shipping for tier, _times in self.reached(places))

    def worth(self, balance: Balance) -> int:
        places = balance.open_places(self.party, self.places)
        freight = balance.freight or 0
        return self.money_off(balance, places) + (freight if freight and self.ships_free(places) else 0)

    def act(self, balance: Balance) -> list[tuple[int, int]]:
        places = balance.open_places(self.party, self.places)
        off, ships_free = self.money_off(balance, places), self.ships_free(places)
        shares = balance.take(off, places, self.party)
        if ships_free:
            balance.take_freight(balance.freight or 0)
        return list(zip(places, shares, strict=True))


def on_cart(w: Workings, amounts: Sequence[int]) -> list[Offer]:
    """The offers that cover something, by id; `amounts` of the lines are what those measure that measure money."""
    measures: Mapping[Measure, Sequence[int]] = {Measure.AMOUNT: amounts, Measure.COUNT: w.setting.quantities}
    return [
        Offer(terms, places, measures[terms.measure], w.etiquette.party(Mechanism.SPEND_OFFER, terms.refuses))
        for terms in sorted(w.terms.spend_offers, key=lambda terms: terms.id)
        if (places := w.places(terms))
    ]


def grouped(balance: Balance, offers: Sequence[Offer]) -> list[list[Offer]]:
    """Offers worth something, each with those that it shares lines with, directly or through others.

    Of offers that do not agree the narrower act first, so that there may be something left for the wider.
    """
    groups: list[tuple[set[int], list[Offer]]] = []
    for offer in offers:
        places = set(balance.open_places(offer.party, offer.places))
        if not offer.worth(balance):
            continue
        members = [offer]
        for group in [each for each in groups if each[0] & places]:
            groups.remove(group)
            places |= group[0]
            members = group[1] + members
        groups.append((places, members))
    return [sorted(members, key=narrow_first) for _places, members in groups]


def narrow_first(offer: Offer) -> tuple[int, int]:
    return len(offer.places), offer.terms.id


def all_agree(offers: Sequence[Offer]) -> bool:
    parties = Counter([offer.party for offer in offers])
    return all(one.agrees_with(other) for one in parties for other in parties if one is not other or parties[one] > 1)


def best_of(balance: Balance, offers: list[Offer], effort: Effort) -> Sequence[Offer]:
    """Of offers that meet on lines; those that all agree act together."""
    if all_agree(offers):
        return offers
    for at, offer in enumerate(offers):
        if all(each.party.agrees_with(offer.party) for each in offers[:at]):
            offer.undisputed = sum([1 << place for place in balance.open_places(offer.party, offer.places)])
    return cheapest(offers, balance, most=len(offers), effort=effort)


def gives_more(balance: Balance, offer: Offer) -> bool:
    reached = offer.reached(balance.open_places(offer.party, offer.places))
    freight_unknown = balance.freight is None
    return any(tier.gifts or (tier.free_shipping and freight_unknown) for tier, _times in reached)


def most_off(w: Workings, balance: Balance) -> int:
    """What offers would take off at most if nobody had acted on this balance, measured at list price."""
    after, offers = balance.copy(), on_cart(w, w.setting.subtotals)
    if w.setting.some_make_way:
        # Some may act beside others then that have no line left where all act.
        return sum([each.worth(balance) for each in offers])
    for group in grouped(after, offers):
        for offer in best_of(after, group, w.setting.effort.part(OFFERS)):
            offer.act(after)
    return balance.payable - after.payable


def times_given(terms: SpendOfferTerms, tier: SpendTier, measured: int) -> int:
    """How often `tier` is given for so much."""
    if measured < tier.threshold:
        return 0
    return measured // tier.threshold if terms.repeats and tier.threshold else 1
