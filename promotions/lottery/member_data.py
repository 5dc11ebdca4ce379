"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from promotions.lottery.models import ChanceAccount, ChanceEntry, Draw

# Two accounts of one person share one limit from now on; the day is the later one, with the draws of both on it.
_MOVE_ACCOUNTS = """
INSERT INTO lottery_chanceaccount AS mine (lottery_id, member_id, balance, draws, day, draws_of_day)
SELECT lottery_id, %s, balance, draws, day, draws_of_day FROM lottery_chanceaccount WHERE member_id = %s
ON CONFLICT (lottery_id, member_id) DO UPDATE SET
    balance = mine.balance + excluded.balance,
    draws = mine.draws + excluded.draws,
    day = greatest(mine.day, excluded.day),
    draws_of_day = CASE WHEN mine.day = excluded.day THEN mine.draws_of_day + excluded.draws_of_day
        WHEN mine.day > excluded.day THEN mine.draws_of_day ELSE excluded.draws_of_day END
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Draws go on counting where those of the other account end; prizes go with their draws."""
    mine = dict(ChanceAccount.objects.filter(member=target_id).values_list("lottery", "draws"))
    theirs = Draw.objects.filter(member=source_id)
    moved = 0
    for lottery_id in theirs.order_by().values_list("lottery", flat=True).distinct():
        draws = theirs.filter(lottery=lottery_id)
        moved += draws.update(member=target_id, number=F("number") + mine.get(lottery_id, 0))
    entries = ChanceEntry.objects.filter(member=source_id).update(member=target_id)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_ACCOUNTS, [target_id, source_id])
    ChanceAccount.objects.filter(member=source_id).delete()
    return {"lottery_draws": moved, "lottery_chances": entries}


def export(*, member_id: int) -> Mapping[str, Any]:
    draws = Draw.objects.filter(member=member_id).select_related("lottery", "prize", "odds").order_by("pk")
    entries = ChanceEntry.objects.filter(member=member_id).select_related("lottery").order_by("pk")
    return {
        "lottery_draws": [
            {
                "lottery": each.lottery.name,
                "prize": each.prize.name,
                "value": each.value,
                "of": each.total,
                "odds_sha256": each.odds.digest,
                "paid_with": each.paid_with,
                "points_paid": each.points_paid,
                "drawn_at": each.drawn_at,
            }
            for each in draws
        ],
        "lottery_chances": [
            {"lottery": each.lottery.name, "from": each.source, "chances": each.amount, "at": each.happened_at}
            for each in entries
        ],
    }
