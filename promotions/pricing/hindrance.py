"""Unit prices without which an offer might do more: they keep it from a line, or bring it below a tier."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from promotions.pricing.balance import Party
from promotions.pricing.model import Measure, SpendOfferTerms
from promotions.pricing.offers import Offer, all_agree, times_given
from promotions.pricing.workings import Workings

# Ways in which rivals may leave lines to an offer that are looked at.
MOST_LEFT = 16


def note_hindrance(w: Workings, offer: Offer) -> None:
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
        unhindered = Offer(terms, offer.places, measures, offer.party)
        w.hope_fen += unhindered.worth(w.shown) - (0 if is_kept_out else offer.worth(w.shown))


def note_lost_tiers(w: Workings, group: Sequence[Offer]) -> None:
    """The unit prices that bring what rivals leave to an offer below a tier which it reaches on all its lines."""
    if all_agree(group):
        return
    earlier: dict[Party, dict[int, None]] = {}
    for offer in group:
        if offer.terms.measure == Measure.AMOUNT and _may_lose_tiers(w, offer, earlier):
            w.blame(w.balance.open_places(offer.party, offer.places))
            w.hope_fen += Offer(offer.terms, offer.places, w.setting.subtotals, offer.party).worth(w.shown)
        earlier.setdefault(offer.party, {})[offer.lines] = None


def _may_lose_tiers(w: Workings, offer: Offer, earlier: Mapping[Party, Iterable[int]]) -> bool:
    """Whether a tier is out of reach on what those that act `earlier`, by the lines that they take, may leave."""
    places = w.balance.open_places(offer.party, offer.places)
    if offer.measured(places) == w.setting.listed_fen(places):
        return False
    left = {offer.lines}
    for taken in chain.from_iterable(lines for party, lines in earlier.items() if not party.agrees_with(offer.party)):
        if len(left) >= MOST_LEFT:
            break
        left |= {each & ~taken for each in left}
    return any(_falls_short(w, offer, each) for each in left - {offer.lines})


def _falls_short(w: Workings, offer: Offer, lines: int) -> bool:
    places = tuple([place for place in offer.places if lines >> place & 1])
    return _loses_tiers(offer.terms, offer.measured(places), w.setting.listed_fen(places))


def _loses_tiers(terms: SpendOfferTerms, measured: int, listed: int) -> bool:
    return measured < listed and any(
        times_given(terms, tier, measured) < times_given(terms, tier, listed) for tier in terms.tiers
    )
