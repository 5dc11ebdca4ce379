"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from points.mall.models import CodeReveal, Redemption, RewardTally, Voucher
from shop.core.actors import Actor

# Two accounts of one person share one limit from now on; the period is the later one, with the units of both in it.
_MOVE_TALLIES = """
INSERT INTO mall_rewardtally AS mine (reward_id, member_id, units, period_start, in_period)
SELECT reward_id, %s, units, period_start, in_period FROM mall_rewardtally WHERE member_id = %s
ON CONFLICT (reward_id, member_id) DO UPDATE SET
    units = mine.units + excluded.units,
    in_period = CASE WHEN mine.period_start = excluded.period_start THEN mine.in_period + excluded.in_period
        WHEN mine.period_start > excluded.period_start THEN mine.in_period ELSE excluded.in_period END,
    period_start = greatest(mine.period_start, excluded.period_start)
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Redemptions and vouchers are the target's, and count for the target's limits."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    RewardTally.objects.filter(member=source_id).delete()
    return {
        "redemptions": Redemption.objects.filter(member=source_id).update(member=target_id),
        "vouchers": Voucher.objects.filter(member=source_id).update(member=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """From where codes were looked at goes; that they were seen stays, as what was redeemed does."""
    looks = CodeReveal.objects.filter(actor=str(Actor.member(member_id))).exclude(address=None)
    return {"looks_at_codes": looks.update(address=None)}


def export(*, member_id: int) -> Mapping[str, Any]:
    redemptions = Redemption.objects.filter(member=member_id).order_by("pk")
    vouchers = Voucher.objects.filter(member=member_id).order_by("pk")
    looks = CodeReveal.objects.filter(voucher__member=member_id).order_by("pk")
    return {
        "redemptions": list(
            redemptions.values(
                "order_number", "reward__name", "units", "units_back", "points", "price_fen", "status", "redeemed_at"
            )
        ),
        "vouchers": list(
            vouchers.values(
                "number",
                "reward__name",
                "status",
                "slot__starts_at",
                "issued_at",
                "valid_until",
                "revealed_at",
                "used_at",
            )
        ),
        "looks_at_codes": list(looks.values("voucher__number", "address", "revealed_at")),
    }
