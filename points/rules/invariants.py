"""Laws of earning on live data."""

from typing import Any

from django.db import connection

from points.rules.models import EarningRule, RuleSetVersion

SHOWN = 20
_GRANTS = """
    SELECT earning.reference, part.key, part.value::bigint, granted.points
    FROM rules_earning earning CROSS JOIN LATERAL jsonb_each_text(earning.parts) AS part
    LEFT JOIN ledger_pointtransaction granted ON granted.reference = part.key AND granted.kind = 'grant'
    WHERE granted.points IS DISTINCT FROM part.value::bigint LIMIT %s
"""
_SUMS = """
    SELECT reference, points, summed FROM (
        SELECT reference, points,
            (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(parts)) AS summed
        FROM rules_earning) AS earning
    WHERE points <> summed LIMIT %s
"""
_TAKEN = """
    SELECT part.key, part.value::bigint - part.value::bigint * earning.left_fen / earning.worth_fen AS due,
        (SELECT coalesce(-sum(taken.points), 0) FROM ledger_pointtransaction granted
         JOIN ledger_pointtransaction taken ON taken.reverses_id = granted.id AND taken.kind = 'claw_back'
         WHERE granted.reference = part.key) AS taken
    FROM rules_earning earning CROSS JOIN LATERAL jsonb_each_text(earning.parts) AS part
    WHERE earning.left_fen < earning.worth_fen
"""


def the_newest_set_names_what_is_live() -> list[str]:
    live = set(EarningRule.objects.exclude(live=None).values_list("live_id", flat=True))
    named = set(RuleSetVersion.objects.latest("pk").version_ids)
    return [f"rule version {pk} is live in one place only" for pk in sorted(live ^ named)[:SHOWN]]


def what_was_earned_was_granted() -> list[str]:
    missing = [
        f"earning {reference}: {points} by {grant}, the ledger has {granted}"
        for reference, grant, points, granted in _rows(_GRANTS, SHOWN)
    ]
    uneven = _rows(_SUMS, SHOWN)
    return missing + [f"earning {name}: {points} points, its grants {summed}" for name, points, summed in uneven]


def refunds_leave_their_share() -> list[str]:
    rows = _rows(f"SELECT * FROM ({_TAKEN}) AS share WHERE due <> taken LIMIT %s", SHOWN)
    return [f"grant {grant}: {taken} taken back where {due} were due" for grant, due, taken in rows]


LAWS = (the_newest_set_names_what_is_live, what_was_earned_was_granted, refunds_leave_their_share)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
