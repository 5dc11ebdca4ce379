"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.coupons.models import ClaimTally, Code, CodeTry, Coupon, HandOutMember
from promotions.coupons.models.coupons import CouponStatus

# Two accounts of one person may together have more than one may have: they keep it, and get no more.
_ADD_TALLIES = """
INSERT INTO coupons_claimtally AS mine (template_id, member_id, claimed, most, period_start, in_period, most_in_period)
SELECT template_id, %s, claimed, NULL, period_start, in_period, NULL FROM coupons_claimtally WHERE member_id = %s
ORDER BY template_id
ON CONFLICT (template_id, member_id) DO UPDATE SET
    claimed = mine.claimed + excluded.claimed,
    most = NULL,
    most_in_period = NULL,
    period_start = GREATEST(mine.period_start, excluded.period_start),
    in_period = CASE
        WHEN mine.period_start IS NOT DISTINCT FROM excluded.period_start THEN mine.in_period + excluded.in_period
        WHEN mine.period_start > excluded.period_start THEN mine.in_period
        ELSE excluded.in_period END
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Coupons go along; claims of both count together against the limits of one."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_TALLIES, [target_id, source_id])
    ClaimTally.objects.filter(member_id=source_id).delete()
    both = HandOutMember.objects.filter(member_id=target_id).values("hand_out")
    HandOutMember.objects.filter(member_id=source_id, hand_out__in=both).delete()
    HandOutMember.objects.filter(member_id=source_id).update(member_id=target_id)
    Code.objects.filter(member_id=source_id).update(member_id=target_id)
    CodeTry.objects.filter(member_id=source_id).update(member_id=target_id)
    return {"coupons": Coupon.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """What was used stays in the sums of the shop; what is unused is void, and no words about the member stay."""
    unused = Coupon.objects.filter(member_id=member_id, status=CouponStatus.UNUSED)
    void = unused.update(status=CouponStatus.VOID, voided_by="system:erasure", void_reason="erasure")
    CodeTry.objects.filter(member_id=member_id).delete()
    HandOutMember.objects.filter(member_id=member_id).delete()
    return {"coupons": void}


def export(*, member_id: int) -> Mapping[str, Any]:
    coupons = Coupon.objects.filter(member_id=member_id).order_by("pk")
    return {
        "coupons": list(
            coupons.values(
                "number",
                "template__name",
                "status",
                "way",
                "claimed_at",
                "valid_from",
                "valid_until",
                "used_at",
                "order_number",
                "store_code",
            )
        )
    }
