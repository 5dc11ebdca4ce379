"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.group_buy.models import MemberTally, Seat

# Two accounts of one person share one limit from now on; what is over it stays over it.
_MOVE_TALLIES = """
INSERT INTO group_buy_membertally AS tally (group_buy_id, member_id, orders)
SELECT group_buy_id, %s, orders FROM group_buy_membertally WHERE member_id = %s
ON CONFLICT (group_buy_id, member_id) DO UPDATE SET orders = tally.orders + excluded.orders
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Where both accounts were in one team, both seats stay: they were paid for."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    MemberTally.objects.filter(member_id=source_id).delete()
    return {"team_seats": Seat.objects.filter(member_id=source_id).update(member_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    seats = Seat.objects.filter(member_id=member_id).order_by("pk")
    return {
        "teams": [
            {
                "group_buy": seat.team.group_buy.name,
                "order_number": seat.order_number,
                "led": seat.leads,
                "seat": seat.status,
                "team": seat.team.status,
                "taken_at": seat.taken_at,
                "paid_at": seat.paid_at,
            }
            for seat in seats.select_related("team__group_buy")
        ]
    }
