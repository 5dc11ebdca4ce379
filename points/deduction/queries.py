"""How a member may pay with points at this moment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from points.deduction.models import BetterTerms, TierDeduction
from points.deduction.preferences import DEDUCTION_CAP_BP, DEDUCTION_MINIMUM, DEDUCTION_ON, DEDUCTION_STEP
from points.ledger.preferences import POINTS_PER_YUAN
from points.ledger.queries import balance_of
from shop.core.kept import Kept


@dataclass(frozen=True)
class Deduction:
    """At least `minimum` of the `available` points, in multiples of `step`, up to `cap_bp` of the goods.

    `activity` is the name of the activity that makes it better than usual.
    """

    available: int
    points_per_yuan: int
    cap_bp: int
    step: int
    minimum: int
    activity: str = ""


def deduction_for(
    *, member_id: int, tier_id: int | None, segment_ids: Collection[int] = (), now: datetime
) -> Deduction | None:
    """None while members may not pay with points. One query: the balance, by the clock."""
    if not DEDUCTION_ON.value():
        return None
    usual = Deduction(
        available=balance_of(member_id=member_id, now=now).available,
        points_per_yuan=POINTS_PER_YUAN.value(),
        cap_bp=SHARES.value().get(tier_id or 0, DEDUCTION_CAP_BP.value()),
        step=DEDUCTION_STEP.value(),
        minimum=DEDUCTION_MINIMUM.value(),
    )
    offered = [_bettered(usual, terms) for terms in ACTIVITIES.value() if terms.holds_for(segment_ids, now)]
    return min([usual, *offered], key=lambda each: (each.points_per_yuan, -each.cap_bp))


def _bettered(usual: Deduction, terms: BetterTerms) -> Deduction:
    """Whom the tier allows nothing stays without."""
    per_yuan = min(usual.points_per_yuan, terms.points_per_yuan)
    cap_bp = max(usual.cap_bp, terms.cap_bp) if usual.cap_bp else 0
    if (per_yuan, cap_bp) == (usual.points_per_yuan, usual.cap_bp):
        return usual
    return replace(usual, points_per_yuan=per_yuan, cap_bp=cap_bp, activity=terms.name)


def _activities() -> Sequence[BetterTerms]:
    return list(BetterTerms.objects.order_by("pk"))


def _shares() -> Mapping[int, int]:
    return dict(TierDeduction.objects.values_list("tier_id", "cap_bp"))


# By tier, of the tiers that have a share of their own.
SHARES = Kept(_shares)
# Past ones too: who asks tells the moment.
ACTIVITIES = Kept(_activities)
