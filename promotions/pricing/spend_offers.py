"""The second stage: offers for spending so much or buying so many, chosen so that together they take off the most.

Of the tiers reached each benefit is the best one: the largest amount off, free shipping if any gives it, the gifts of
the highest tier that has some. So an offer never gives less for more. All offers measure on what unit prices left, and
take off what is left when their turn comes.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

from django.utils.translation import gettext as _

from promotions.pricing.answers import AppliedOffer, Counted, GiftLine
from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.cheapest import Effort, cheapest
from promotions.pricing.model import WHOLE_BP, Campaign, Measure, Mechanism, PricingLine, SpendOfferTerms, SpendTier
from promotions.pricing.workings import Workings
from shop.core.money import yuan

KIND = Mechanism.SPEND_OFFER.value
# Sets of offers looked at before the best one met is taken; carts that need more are not seen in practice.
EFFORT = 100
# Ways in which rivals may leave lines to an offer that are looked at.
MOST_LEFT = 16
Reached = Sequence[tuple[SpendTier, int]]


class _Offer:
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
        return sum(1 << place for place in self.places)

    @property
    def effect(self) -> Hashable:
        return self.terms.id

    def agrees_with(self, other: "_Offer") -> bool:
        """Offers that refuse each other may still act on different lines."""
        return True

    def leaves_nothing(self, other: "_Offer") -> bool:
        own = self.lines if self.party == other.party else self.undisputed
        return not (self.party.agrees_with(other.party) or other.lines & ~own)

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
        off = self.wanted(balance, places)
        return min(off, balance.room(places)) if off else 0

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


def spend_offers(w: Workings) -> None:
    if not w.terms.spend_offers:
        return
    offers = on_cart(w, w.balance.net.copy())
    for offer in offers:
        _note_hindrance(w, offer)
    groups = _groups(w.balance, offers)
    for group in groups:
        _note_lost_tiers(w, group)
    rivals = [offer for group in groups if not _all_agree(group) for offer in group]
    chosen = _chosen(w, groups)
    for offer in chosen:
        _apply(w, offer)
    late = []
    for offer in [each for each in offers if each not in chosen]:
        # What costs nothing to decide: offers of gifts alone act where the others left room for them.
        if _may_act(w, offer) and _gives_more(w.balance, offer):
            _apply(w, offer)
            late.append(offer)
        else:
            _explain(w, offer)
    w.setting.rivals |= {offer.terms.campaign for offer in rivals}
    w.rivals = {offer.terms.campaign for offer in rivals if offer in chosen or offer in late}
    if any(offer in rivals for offer in late):
        w.hinderers |= w.rivals
        w.hope_fen += sum([offer.worth(w.shown) for offer in rivals if _gives_more(w.shown, offer)])


def in_the_way(w: Workings, campaign: Campaign) -> set[Campaign]:
    """Of the offers that act those on whose lines this one does not act with them."""
    by_campaign = {offer.terms.campaign: offer for offer in on_cart(w, w.setting.subtotals)}
    wanted = by_campaign.get(campaign)
    acting = (by_campaign.get(each.terms.campaign) for each in w.offers)
    return {
        each.terms.campaign
        for each in acting
        if wanted and each and each.lines & wanted.lines and not each.party.agrees_with(wanted.party)
    }


def most_off(w: Workings, balance: Balance) -> int:
    """What offers would take off at most if nobody had acted on this balance, measured at list price."""
    after, late = balance.copy(), 0
    for group in _groups(after, on_cart(w, w.setting.subtotals)):
        chosen = _best_of(after, group)
        late += sum([each.worth(balance) for each in group if each not in chosen and _gives_more(balance, each)])
        for offer in chosen:
            offer.act(after)
    return balance.payable - after.payable + late


def on_cart(w: Workings, amounts: Sequence[int]) -> list[_Offer]:
    """The offers that cover something, by id; `amounts` of the lines are what those measure that measure money."""
    measures: Mapping[Measure, Sequence[int]] = {Measure.AMOUNT: amounts, Measure.COUNT: w.setting.quantities}
    return [
        _Offer(terms, places, measures[terms.measure], w.etiquette.party(Mechanism.SPEND_OFFER, terms.refuses))
        for terms in sorted(w.terms.spend_offers, key=lambda terms: terms.id)
        if not (w.absent and terms.campaign in w.absent) and (places := w.places(terms))
    ]


def _groups(balance: Balance, offers: Sequence[_Offer]) -> list[list[_Offer]]:
    """Offers worth something, each with those that it shares lines with, directly or through others.

    Of offers that do not agree the narrower act first, so that there may be something left for the wider.
    """
    groups: list[tuple[set[int], list[_Offer]]] = []
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


def narrow_first(offer: _Offer) -> tuple[int, int]:
    return len(offer.places), offer.terms.id


def _all_agree(offers: Sequence[_Offer]) -> bool:
    parties = Counter([offer.party for offer in offers])
    return all(one.agrees_with(other) for one in parties for other in parties if one is not other or parties[one] > 1)


def _may_act(w: Workings, offer: _Offer) -> bool:
    return w.acting is None or offer.terms.campaign in w.acting


def _chosen(w: Workings, groups: Sequence[list[_Offer]]) -> list[_Offer]:
    """The offers that act, the narrower before the wider."""
    if w.acting is None:
        chosen = [offer for group in groups for offer in _best_of(w.balance, group)]
    else:
        chosen = [offer for group in groups for offer in group if _may_act(w, offer)]
    return sorted(chosen, key=narrow_first)


def _best_of(balance: Balance, offers: list[_Offer]) -> Sequence[_Offer]:
    """Of offers that meet on lines; those that all agree act together."""
    if _all_agree(offers):
        return offers
    for at, offer in enumerate(offers):
        if all(each.party.agrees_with(offer.party) for each in offers[:at]):
            offer.undisputed = sum([1 << place for place in balance.open_places(offer.party, offer.places)])
    return cheapest(offers, balance, most=len(offers), effort=Effort(EFFORT))


def _apply(w: Workings, offer: _Offer) -> None:
    balance, terms, freight = w.balance, offer.terms, w.balance.freight
    places = balance.open_places(offer.party, offer.places)
    measured, reached = offer.measured(places), offer.reached(places)
    ships_free = offer.ships_free(places)
    w.note(terms.campaign, offer.party, places)
    w.squeezed |= offer.wanted(balance, places) > balance.room(places)
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


def _note_hindrance(w: Workings, offer: _Offer) -> None:
    """The unit prices without which the offer might do more, and how much more at most."""
    terms, places = offer.terms, w.balance.open_places(offer.party, offer.places)
    is_kept_out = len(places) < len(offer.places)
    if is_kept_out:
        w.blame(offer.places, offer.party)
    falls_short = terms.measure == Measure.AMOUNT and _loses_tiers(
        terms, offer.measured(places), w.setting.listed_fen(places)
    )
    if falls_short:
        w.blame(places)
    if is_kept_out or falls_short:
        measures = w.setting.subtotals if terms.measure == Measure.AMOUNT else w.setting.quantities
        unhindered = _Offer(terms, offer.places, measures, offer.party)
        w.hope_fen += unhindered.worth(w.shown) - (0 if is_kept_out else offer.worth(w.shown))


def _note_lost_tiers(w: Workings, group: Sequence[_Offer]) -> None:
    """The unit prices that bring what rivals leave to an offer below a tier which it reaches on all its lines."""
    if _all_agree(group):
        return
    for at, offer in enumerate(group):
        if offer.terms.measure != Measure.AMOUNT:
            continue
        places = w.balance.open_places(offer.party, offer.places)
        if offer.measured(places) == w.setting.listed_fen(places):
            continue
        rivals = {each.places for each in group[:at] if not each.party.agrees_with(offer.party)}
        left = {places}
        for taken in rivals:
            if len(left) < MOST_LEFT:
                left |= {tuple([place for place in each if place not in taken]) for each in left}
        if any(_loses_tiers(offer.terms, offer.measured(each), w.setting.listed_fen(each)) for each in left - {places}):
            w.blame(places)
            w.hope_fen += _Offer(offer.terms, offer.places, w.setting.subtotals, offer.party).worth(w.shown)


def _loses_tiers(terms: SpendOfferTerms, measured: int, listed: int) -> bool:
    return measured < listed and any(
        times_given(terms, tier, measured) < times_given(terms, tier, listed) for tier in terms.tiers
    )


def times_given(terms: SpendOfferTerms, tier: SpendTier, measured: int) -> int:
    """How often `tier` is given for so much."""
    if measured < tier.threshold:
        return 0
    return measured // tier.threshold if terms.repeats and tier.threshold else 1
