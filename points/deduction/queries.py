"""How a member may pay with points at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from points.deduction.models import TierDeduction
from points.deduction.preferences import DEDUCTION_CAP_BP, DEDUCTION_MINIMUM, DEDUCTION_ON, DEDUCTION_STEP
from points.ledger.preferences import POINTS_PER_YUAN
from points.ledger.queries import balance_of
from shop.core.kept import Kept


@dataclass(frozen=True)
class Deduction:
    """At least `minimum` of the `available` points, in multiples of `step`, up to `cap_bp` of the goods."""

    available: int
    points_per_yuan: int
    cap_bp: int
    step: int
    minimum: int


def deduction_for(*, member_id: int, tier_id: int | None, now: datetime) -> Deduction | None:
    """None while members may not pay with points. One query: the balance, by the clock."""
    if not DEDUCTION_ON.value():
        return None
    return Deduction(
        available=balance_of(member_id=member_id, now=now).available,
        points_per_yuan=POINTS_PER_YUAN.value(),
        cap_bp=SHARES.value().get(tier_id or 0, DEDUCTION_CAP_BP.value()),
        step=DEDUCTION_STEP.value(),
        minimum=DEDUCTION_MINIMUM.value(),
    )


def _shares() -> Mapping[int, int]:
    return dict(TierDeduction.objects.values_list("tier_id", "cap_bp"))


# By tier, of the tiers that have a share of their own.
SHARES = Kept(_shares)
