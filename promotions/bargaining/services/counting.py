"""How often members start and help: one row for each bargain and member, at which the limits decide.

Building blocks: the row stays locked until the caller's transaction ends, even where its condition kept it unchanged.
"""

from datetime import datetime

from django.db import connection

from promotions.bargaining.errors import BargainHelpsUsed, BargainHelpsUsedToday
from promotions.bargaining.models import Bargain, BargainTally
from shop.core.clock import business_day

_COUNT_ATTEMPT = """
INSERT INTO bargaining_bargaintally AS tally (bargain_id, member_id, attempts, helps, day, helps_of_day)
VALUES (%(bargain)s, %(member)s, 1, 0, %(day)s, 0)
ON CONFLICT (bargain_id, member_id) DO UPDATE SET attempts = tally.attempts + 1
WHERE tally.attempts < %(most)s
"""
_COUNT_HELP = """
INSERT INTO bargaining_bargaintally AS tally (bargain_id, member_id, attempts, helps, day, helps_of_day)
VALUES (%(bargain)s, %(member)s, 0, 1, %(day)s, 1)
ON CONFLICT (bargain_id, member_id) DO UPDATE SET
    helps = tally.helps + 1,
    day = excluded.day,
    helps_of_day = CASE WHEN tally.day = excluded.day THEN tally.helps_of_day + 1 ELSE 1 END
WHERE (%(in_all)s::int IS NULL OR tally.helps < %(in_all)s)
    AND (tally.day <> excluded.day OR tally.helps_of_day < %(a_day)s)
"""


def count_attempt(bargain: Bargain, member_id: int, *, now: datetime) -> bool:
    """False where the member has started as often as one may."""
    return _run(_COUNT_ATTEMPT, bargain, member_id, now, most=bargain.attempts_per_member)


def count_help(bargain: Bargain, member_id: int, *, now: datetime) -> bool:
    """False where the member has helped as often as one may: `helps_refusal` says why."""
    limits = {"in_all": bargain.helps_in_all, "a_day": bargain.helps_per_day}
    return _run(_COUNT_HELP, bargain, member_id, now, **limits)


def helps_refusal(bargain: Bargain, member_id: int) -> BargainHelpsUsed | BargainHelpsUsedToday:
    tally = BargainTally.objects.get(bargain=bargain, member=member_id)
    used_up = bargain.helps_in_all is not None and tally.helps >= bargain.helps_in_all
    return BargainHelpsUsed() if used_up else BargainHelpsUsedToday()


def _run(statement: str, bargain: Bargain, member_id: int, now: datetime, **limits: int | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"bargain": bargain.pk, "member": member_id, "day": business_day(now), **limits})
        return cursor.rowcount == 1
