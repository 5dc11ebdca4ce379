"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.flash_sale.models import FlashSaleReminder, FlashSaleTally, FlashSaleUse

# Two accounts of one person share one limit from now on; what is over it stays over it.
_MOVE_TALLIES = """
INSERT INTO flash_sale_flashsaletally AS tally (item_id, member_id, units)
SELECT item_id, %s, units FROM flash_sale_flashsaletally WHERE member_id = %s
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    FlashSaleTally.objects.filter(member_id=source_id).delete()
    reminders = FlashSaleReminder.objects.filter(member_id=source_id)
    known = FlashSaleReminder.objects.filter(member_id=target_id).values("item")
    reminders.exclude(item__in=known).update(member_id=target_id)
    reminders.delete()
    return {"flash_sale_uses": FlashSaleUse.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Nobody is there to be reminded; what was bought stays with its orders."""
    return {"flash_sale_reminders": FlashSaleReminder.objects.filter(member_id=member_id).delete()[0]}


def export(*, member_id: int) -> Mapping[str, Any]:
    uses = FlashSaleUse.objects.filter(member_id=member_id).order_by("pk")
    reminders = FlashSaleReminder.objects.filter(member_id=member_id).order_by("pk")
    return {
        "flash_sales": list(uses.values("order_number", "units", "discount_fen", "points", "used_at", "released_at")),
        "flash_sale_reminders": list(reminders.values("item_id", "asked_at", "told_at")),
    }
