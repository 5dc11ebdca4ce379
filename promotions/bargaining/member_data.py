"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from promotions.bargaining.models import BargainAttempt, BargainTally, Cut

# Two accounts of one person share one limit from now on; the day is the later one, with the helps of both on it.
_MOVE_TALLIES = """
INSERT INTO bargaining_bargaintally AS tally (bargain_id, member_id, attempts, helps, day, helps_of_day)
SELECT bargain_id, %s, attempts, helps, day, helps_of_day FROM bargaining_bargaintally WHERE member_id = %s
ON CONFLICT (bargain_id, member_id) DO UPDATE SET
    attempts = tally.attempts + excluded.attempts,
    helps = tally.helps + excluded.helps,
    day = greatest(tally.day, excluded.day),
    helps_of_day = CASE WHEN tally.day = excluded.day THEN tally.helps_of_day + excluded.helps_of_day
        WHEN tally.day > excluded.day THEN tally.helps_of_day ELSE excluded.helps_of_day END
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Where both have helped the same attempt, what the second cut took off stays off and is nobody's."""
    attempts = BargainAttempt.objects.filter(member_id=source_id).update(member_id=target_id)
    theirs = Cut.objects.filter(helper_id=source_id)
    theirs.filter(attempt__in=Cut.objects.filter(helper_id=target_id).values("attempt")).update(helper=None)
    cuts = theirs.update(helper_id=target_id)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    BargainTally.objects.filter(member_id=source_id).delete()
    return {"bargains": attempts, "bargain_cuts": cuts}


def export(*, member_id: int) -> Mapping[str, Any]:
    attempts = BargainAttempt.objects.filter(member_id=member_id).select_related("bargain", "sku__product")
    cuts = Cut.objects.filter(helper_id=member_id).select_related("attempt__bargain")
    return {
        "bargains": [
            {
                "bargain": each.bargain.name,
                "goods": each.sku.product.name,
                "list_fen": each.list_fen,
                "price_fen": each.price_fen,
                "status": each.status,
                "order_number": each.order_number,
                "started_at": each.started_at,
                "expires_at": each.expires_at,
            }
            for each in attempts.order_by("pk")
        ],
        "bargain_cuts": [
            {"bargain": each.attempt.bargain.name, "fen": each.fen, "made_at": each.made_at}
            for each in cuts.order_by("pk")
        ],
    }
