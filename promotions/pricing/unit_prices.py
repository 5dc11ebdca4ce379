"""The first stage: each line at its best unit price, be it the activity's, the member's or a timed one; never two.

A tier's free shipping belongs here too: what the member has anyway comes before what a coupon would be used up for.
"""

from collections.abc import Mapping

from promotions.pricing.balance import Party
from promotions.pricing.model import WHOLE_BP, Mechanism, PricingLine, UnitPriceTerms
from promotions.pricing.workings import Workings

_RANK = {mechanism: rank for rank, mechanism in enumerate(Mechanism)}


def unit_prices(w: Workings) -> None:
    """What the buyer came for stands; otherwise the greatest saving wins, the earlier mechanism when they tie."""
    best: dict[int, tuple[tuple[bool, int, int, int], UnitPriceTerms]] = {}
    for terms in w.terms.unit_prices:
        if w.absent and terms.campaign in w.absent and not terms.asked:
            continue
        asked, mechanism, id_ = terms.asked, -_RANK[terms.mechanism], -(terms.id or 0)
        for place in w.places(terms):
            saving = saving_fen(w.lines[place], terms)
            if not (saving or asked):
                continue
            rank = (asked, saving, mechanism, id_)
            if place not in best or rank > best[place][0]:
                best[place] = (rank, terms)
    for place in sorted(best):
        (_asked, saving, _mechanism, _id), terms = best[place]
        units = _units(w.lines[place], terms)
        party = _party(w, terms)
        w.balance.reprice(place, saving, party)
        if not terms.asked:
            w.note(terms.campaign, party, (place,))
        w.credit(
            terms, terms.kind or terms.mechanism.value, [(place, saving)], units=units, points=units * terms.points
        )
    w.setting.limit_order(w.balance)
    if w.setting.some_make_way:
        _note_those_in_the_way(w, {place: _party(w, terms) for place, (_rank, terms) in best.items()})


def _note_those_in_the_way(w: Workings, acting: Mapping[int, Party]) -> None:
    """Those that are `acting` on lines of which a lesser price would leave more to others."""
    for terms in w.terms.unit_prices:
        party = _party(w, terms)
        if terms.campaign in w.absent or not w.setting.makes_way(party):
            continue
        for place in w.places(terms):
            if saving_fen(w.lines[place], terms) and acting[place] != party:
                w.blame((place,))


def _party(w: Workings, terms: UnitPriceTerms) -> Party:
    return w.etiquette.party(terms.mechanism, terms.refuses)


def shipping_benefits(w: Workings) -> None:
    for terms in w.terms.freight[:1]:
        freight = w.balance.freight or 0
        w.balance.take_freight(freight)
        w.credit_freight(terms.kind, terms.id, terms.label, freight)
    w.shown = w.balance.untouched()


def offered_unit_fen(line: PricingLine, terms: UnitPriceTerms) -> int:
    """What a unit of `line` costs by `terms`: never above the list price, nor below the least that it is sold for."""
    list_fen = line.unit_price_fen
    wanted = terms.unit_price_fen
    if wanted is None:
        wanted = list_fen - list_fen * terms.off_bp // WHOLE_BP
    return min(wanted if terms.below_floor else max(wanted, line.least_unit_fen), list_fen)


def saving_fen(line: PricingLine, terms: UnitPriceTerms) -> int:
    """What `terms` take off the line."""
    return (line.unit_price_fen - offered_unit_fen(line, terms)) * _units(line, terms)


def _units(line: PricingLine, terms: UnitPriceTerms) -> int:
    return line.quantity if terms.max_units is None else min(line.quantity, terms.max_units)
