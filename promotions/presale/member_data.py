"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.presale.models import PresaleTally, PresaleUse

# Two accounts of one person share one limit from now on; what is over it stays over it.
_MOVE_TALLIES = """
INSERT INTO presale_presaletally AS tally (item_id, member_id, units)
SELECT item_id, %s, units FROM presale_presaletally WHERE member_id = %s
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    PresaleTally.objects.filter(member_id=source_id).delete()
    return {"presale_orders": PresaleUse.objects.filter(member_id=source_id).update(member_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    uses = PresaleUse.objects.filter(member_id=member_id).order_by("pk")
    return {"presales": list(uses.values("order_number", "units", "discount_fen", "used_at", "released_at"))}
