"""The second stage: offers for spending so much or buying so many, chosen so that together they take off the most.

Of the tiers reached each benefit is the best one: the largest amount off, free shipping if any gives it, the gifts of
the highest tier that has some. So an offer never gives less for more. All offers measure on what unit prices left, and
take off what is left when their turn comes.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

from django.utils.translation import gettext as _

from promotions.pricing.answers import AppliedOffer, Counted, GiftLine
from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.cheapest import cheapest
from promotions.pricing.model import WHOLE_BP, Measure, Mechanism, PricingLine, SpendOfferTerms, SpendTier
from promotions.pricing.workings import Workings
from shop.core.money import yuan

KIND = Mechanism.SPEND_OFFER.value
# Sets of offers looked at before the best one met is taken; carts that need more are not seen in practice.
EFFORT = 100
Reached = Sequence[tuple[SpendTier, int]]


class _Offer:
    """An offer on the lines that it covers; `measures` are what it counts of every line."""

    def __init__(self, terms: SpendOfferTerms, places: Places, measures: Sequence[int], party: Party) -> None:
        self.terms, self.places, self.party = terms, places, party
        self._measures = measures
        self._may_ship_free = any(tier.free_shipping for tier in terms.tiers)
        self._reached: dict[Places, Reached] = {}

    @cached_property
    def lines(self) -> int:
        return sum(1 << place for place in self.places)

    @property
    def effect(self) -> Hashable:
        return self.terms.id

    def agrees_with(self, other: "_Offer") -> bool:
        """Offers that refuse each other may still act on different lines."""
        return True

    def measured(self, places: Places) -> int:
        return sum([self._measures[place] for place in places])

    def reached(self, places: Places) -> Reached:
        """The tiers reached, rising, each with how often it is given."""
        found = self._reached.get(places)
        if found is None:
            amount = self.measured(places)
            given = [(tier, times_given(self.terms, tier, amount)) for tier in self.terms.tiers] if places else []
            found = self._reached[places] = [(tier, times) for tier, times in given if times]
        return found

    def money_off(self, balance: Balance, places: Places) -> int:
        reached = self.reached(places)
        if not reached:
            return 0
        base = balance.base(places)
        off = max([tier.off_fen * times + base * tier.off_bp // WHOLE_BP for tier, times in reached])
        if self.terms.cap_fen is not None:
            off = min(off, self.terms.cap_fen)
        return min(off, balance.room(places)) if off else 0

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


def spend_offers(w: Workings) -> None:
    if Mechanism.SPEND_OFFER in w.absent or not w.terms.spend_offers:
        return
    offers = _on_cart(w)
    if offers:
        w.automatic.add(Mechanism.SPEND_OFFER)
    _note_hindrance(w, offers)
    chosen = [offer for group in _groups(w, offers) for offer in _best_of(w, group)]
    for offer in chosen:
        _apply(w, offer)
    for offer in offers:
        # What costs nothing to decide: offers of gifts alone act where the others left room for them.
        if offer not in chosen and _gives_more(w.balance, offer):
            _apply(w, offer)
        elif offer not in chosen:
            _explain(w, offer)


def _on_cart(w: Workings) -> list[_Offer]:
    """The offers that cover something, by id."""
    measures: Mapping[Measure, Sequence[int]] = {
        Measure.AMOUNT: w.balance.net.copy(),
        Measure.COUNT: w.setting.quantities,
    }
    return [
        _Offer(terms, places, measures[terms.measure], w.etiquette.party(Mechanism.SPEND_OFFER, terms.refuses))
        for terms in sorted(w.terms.spend_offers, key=lambda terms: terms.id)
        if (places := w.places(terms))
    ]


def _groups(w: Workings, offers: Sequence[_Offer]) -> list[list[_Offer]]:
    """Offers worth something, each with those that it shares lines with, directly or through others."""
    groups: list[tuple[set[int], list[_Offer]]] = []
    for offer in offers:
        places = set(w.balance.open_places(offer.party, offer.places))
        if not offer.worth(w.balance):
            continue
        members = [offer]
        for group in [each for each in groups if each[0] & places]:
            groups.remove(group)
            places |= group[0]
            members = group[1] + members
        groups.append((places, members))
    return [sorted(members, key=lambda offer: offer.terms.id) for _places, members in groups]


def _best_of(w: Workings, offers: list[_Offer]) -> Sequence[_Offer]:
    """Of offers that meet on lines; those that all agree act together."""
    if all(one.party.agrees_with(other.party) for one in offers for other in offers if one is not other):
        return offers
    return cheapest(offers, w.balance, most=len(offers), effort=EFFORT)


def _apply(w: Workings, offer: _Offer) -> None:
    balance, terms, freight = w.balance, offer.terms, w.balance.freight
    places = balance.open_places(offer.party, offer.places)
    measured, reached = offer.measured(places), offer.reached(places)
    ships_free = offer.ships_free(places)
    w.offers.append(offer.applied(w.lines, balance, places))
    w.credit(terms, KIND, offer.act(balance))
    if ships_free:
        w.credit_freight(KIND, terms.id, terms.label, freight or 0, terms.version)
    for tier, times in reversed(reached):
        if tier.gifts:
            _give(w, terms, tier, times)
            break
    following = next((tier for tier in terms.tiers if tier.threshold > measured), None)
    if following is not None:
        _tell_missing(w, terms, following.threshold - measured, code="spend_offer_next_tier")


def _give(w: Workings, terms: SpendOfferTerms, tier: SpendTier, times: int) -> None:
    for gift in tier.gifts:
        given = sum(each.quantity for each in w.gifts if each.sku_id == gift.sku_id)
        quantity = gift.quantity * times
        if gift.available - given >= quantity:
            w.gifts.append(GiftLine(gift.sku_id, quantity, gift.label, KIND, terms.id, gift.tier_id))
        else:
            message = _("The gift “{gift}” has run out.").format(gift=gift.label)
            w.reject(KIND, terms.id, "gift_run_out", message, asked=False)


def _gives_more(balance: Balance, offer: _Offer) -> bool:
    reached = offer.reached(balance.open_places(offer.party, offer.places))
    freight_unknown = balance.freight is None
    return any(tier.gifts or (tier.free_shipping and freight_unknown) for tier, _times in reached)


def _explain(w: Workings, offer: _Offer) -> None:
    """Why an offer does not act on the goods that it covers."""
    least, measured = min((tier.threshold for tier in offer.terms.tiers), default=0), offer.measured(offer.places)
    if measured < least:
        _tell_missing(w, offer.terms, least - measured, code="spend_offer_threshold")
    else:
        message = _("“{offer}” does not combine with what is applied.").format(offer=offer.terms.label)
        w.reject(KIND, offer.terms.id, "spend_offer_not_combined", message, asked=False)


def _tell_missing(w: Workings, terms: SpendOfferTerms, missing: int, *, code: str) -> None:
    if terms.measure == Measure.COUNT:
        message = _("Add {count} more for “{offer}”.").format(count=missing, offer=terms.label)
    else:
        message = _("Spend {amount} more for “{offer}”.").format(amount=yuan(missing), offer=terms.label)
    w.reject(KIND, terms.id, code, message, asked=False)


def _note_hindrance(w: Workings, offers: Sequence[_Offer]) -> None:
    """An offer that would do more had no unit price acted before it."""
    for offer in offers:
        places = w.balance.open_places(offer.party, offer.places)
        if len(places) < len(offer.places):
            w.hindered = True
        elif offer.terms.measure == Measure.AMOUNT:
            measured, listed = offer.measured(places), w.setting.listed_fen(places)
            tiers = offer.terms.tiers
            if any(times_given(offer.terms, t, measured) < times_given(offer.terms, t, listed) for t in tiers):
                w.hindered = True


def times_given(terms: SpendOfferTerms, tier: SpendTier, measured: int) -> int:
    """How often `tier` is given for so much."""
    if measured < tier.threshold:
        return 0
    return measured // tier.threshold if terms.repeats and tier.threshold else 1
