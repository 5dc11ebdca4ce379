"""What a spend offer still gives when some of the goods that it counted go back: pure, on what the order wrote down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from promotions.pricing.answers import AppliedOffer
from promotions.pricing.model import WHOLE_BP, Measure, SpendTier
from promotions.pricing.offers import times_given
from promotions.pricing.scopes import EVERYTHING


@dataclass(frozen=True, slots=True)
class Earned:
    """`measured` is what the goods count for, in fen or units; `gifts` are units by the tier that gives them.

    `reached` is the same for two standings that give the same, apart from what shares of different goods come to.
    """

    measured: int = 0
    off_fen: int = 0
    ships_free: bool = False
    gifts: Mapping[int, int] = field(default_factory=dict)
    reached: tuple[tuple[int, int], ...] = ()


def earned(offer: AppliedOffer, kept: Mapping[int, int]) -> Earned:
    """What the offer gives for the units that are kept, by SKU id."""
    terms = offer.terms
    units = {each.sku_id: min(kept.get(each.sku_id, 0), each.units) for each in offer.counted}
    net = sum(each.net_fen * units[each.sku_id] // each.units for each in offer.counted)
    if terms.measure == Measure.COUNT:
        measured = sum(units.values())
    else:
        measured = sum(each.measured * units[each.sku_id] // each.units for each in offer.counted)
    reached = [(tier, times) for tier in terms.tiers if (times := times_given(terms, tier, measured))]
    off = max((tier.off_fen * times + net * tier.off_bp // WHOLE_BP for tier, times in reached), default=0)
    return Earned(
        measured=measured,
        off_fen=min(off, net) if terms.cap_fen is None else min(off, net, terms.cap_fen),
        ships_free=any(tier.free_shipping for tier, _times in reached),
        gifts=_gifts(reached),
        reached=tuple((tier.threshold, times if tier.off_fen else 1) for tier, times in reached),
    )


def plain(offer: AppliedOffer) -> dict[str, Any]:
    """As JSON keeps it. Whom it covered and whom it refused is settled, so that this is left out."""
    terms = replace(offer.terms, label=str(offer.terms.label), scope=EVERYTHING, refuses=frozenset())
    return msgspec.to_builtins(replace(offer, terms=terms))


def from_plain(kept: Mapping[str, Any]) -> AppliedOffer:
    return msgspec.convert(kept, AppliedOffer)


def _gifts(reached: list[tuple[SpendTier, int]]) -> dict[int, int]:
    """Of the highest tier reached that has some."""
    for tier, times in reversed(reached):
        if tier.gifts:
            units: dict[int, int] = {}
            for gift in tier.gifts:
                units[gift.tier_id] = units.get(gift.tier_id, 0) + gift.quantity * times
            return units
    return {}
