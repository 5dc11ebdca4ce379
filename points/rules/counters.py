"""The rows behind limits: locked while an event is evaluated, so that two events cannot both take what is left."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.models import F, Q

from points.rules.counting import CounterKey, Used
from points.rules.models import RuleCounter

# Rows come into being and are locked in one statement, in the order of the keys that everybody keeps.
_LOCK = """
    INSERT INTO rules_rulecounter (rule_id, member_id, period, points, times)
    SELECT asked.rule_id, asked.member_id, asked.period, 0, 0
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) WITH ORDINALITY AS asked(rule_id, member_id, period, place)
    ORDER BY asked.place
    ON CONFLICT (rule_id, period, member_id) DO UPDATE SET points = rules_rulecounter.points
    RETURNING rule_id, member_id, period, points, times
"""


def lock_counters(keys: Sequence[CounterKey]) -> dict[CounterKey, Used]:
    """What is counted so far; inside the caller's transaction. `keys` in the order of `engine.counter_keys`."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(column) for column in zip(*keys, strict=True)])
        return {CounterKey(*row[:3]): Used(*row[3:]) for row in cursor.fetchall()}


def read_counters(keys: Sequence[CounterKey]) -> dict[CounterKey, Used]:
    """What is counted now, for previews; one query, none without limits."""
    if not keys:
        return {}
    wanted = Q()
    for key in keys:
        wanted |= Q(rule=key.rule_id, member=key.member_id, period=key.period)
    rows = RuleCounter.objects.filter(wanted).values_list("rule_id", "member_id", "period", "points", "times")
    return {CounterKey(*row[:3]): Used(*row[3:]) for row in rows}


def count(uses: Mapping[CounterKey, Used]) -> None:
    """Add to counters that the caller has locked."""
    for key, used in uses.items():
        RuleCounter.objects.filter(rule=key.rule_id, member=key.member_id, period=key.period).update(
            points=F("points") + used.points, times=F("times") + used.times
        )
