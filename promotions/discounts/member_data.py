"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.discounts.models import DiscountUse, MemberTally

# Two accounts of one person share one limit from now on; what is over it stays over it.
_MOVE_TALLIES = """
INSERT INTO discounts_membertally AS tally (item_id, member_id, units)
SELECT item_id, %s, units FROM discounts_membertally WHERE member_id = %s
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    MemberTally.objects.filter(member_id=source_id).delete()
    return {"discount_uses": DiscountUse.objects.filter(member_id=source_id).update(member_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    uses = DiscountUse.objects.filter(member_id=member_id).order_by("pk")
    return {"discounts": list(uses.values("order_number", "kind", "units", "discount_fen", "used_at", "released_at"))}
