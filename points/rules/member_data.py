"""What this room keeps about a member; see `members.identity.rooms`. Nothing of it is a word about a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from points.rules.models import Earning, RuleCounter

# Limits of one person are used up by both accounts together.
_JOIN_COUNTERS = """
    INSERT INTO rules_rulecounter (rule_id, member_id, period, points, times)
    SELECT rule_id, %s, period, points, times FROM rules_rulecounter WHERE member_id = %s ORDER BY rule_id, period
    ON CONFLICT (rule_id, period, member_id) DO UPDATE
    SET points = rules_rulecounter.points + excluded.points, times = rules_rulecounter.times + excluded.times
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_COUNTERS, [target_id, source_id])
    RuleCounter.objects.filter(member_id=source_id).delete()
    return {"earnings": Earning.objects.filter(member_id=source_id).update(member_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    earnings = Earning.objects.filter(member_id=member_id).order_by("pk")
    return {"points_earned": list(earnings.values("reference", "kind", "points", "trace", "happened_at"))}
