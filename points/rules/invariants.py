"""Laws of earning on live data."""

from typing import Any

from django.db import connection

from points.rules.models import EarningRule, RuleSetVersion

SHOWN = 20
_GRANTS = """
    SELECT earning.reference, part.key, given.points, granted.points
    FROM rules_earning earning CROSS JOIN LATERAL jsonb_each(earning.parts) AS part
    CROSS JOIN LATERAL (
        SELECT sum(line.points::bigint) AS points FROM jsonb_array_elements_text(part.value) AS line(points)
    ) AS given
    LEFT JOIN ledger_pointtransaction granted ON granted.reference = part.key AND granted.kind = 'grant'
    WHERE granted.points IS DISTINCT FROM given.points LIMIT %s
"""
_SUMS = """
    SELECT reference, points, summed FROM (
        SELECT reference, points, (
            SELECT coalesce(sum(line.points::bigint), 0)
            FROM jsonb_each(parts) AS part, jsonb_array_elements_text(part.value) AS line(points)
        ) AS summed
        FROM rules_earning) AS earning
    WHERE points <> summed LIMIT %s
"""
_TAKEN = """
    SELECT part.key, share.due,
        (SELECT coalesce(-sum(taken.points), 0) FROM ledger_pointtransaction granted
         JOIN ledger_pointtransaction taken ON taken.reverses_id = granted.id AND taken.kind = 'claw_back'
         WHERE granted.reference = part.key) AS taken
    FROM rules_earning earning CROSS JOIN LATERAL jsonb_each(earning.parts) AS part
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(line.points::bigint - line.points::bigint * line.left_fen / line.net_fen), 0) AS due
        FROM ROWS FROM (jsonb_array_elements_text(part.value), unnest(earning.net_fen), unnest(earning.left_fen))
            AS line(points, net_fen, left_fen)
        WHERE line.net_fen > 0
    ) AS share
    WHERE earning.left_fen <> earning.net_fen
"""
_LINES = """
    SELECT earning.reference, line.net_fen, line.left_fen
    FROM rules_earning earning CROSS JOIN LATERAL unnest(earning.net_fen, earning.left_fen) AS line(net_fen, left_fen)
    WHERE (line.left_fen BETWEEN 0 AND line.net_fen) IS NOT TRUE LIMIT %s
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


def no_line_is_left_more_than_it_was() -> list[str]:
    return [f"earning {name}: {left} fen are left of {net}" for name, net, left in _rows(_LINES, SHOWN)]


LAWS = (
    the_newest_set_names_what_is_live,
    what_was_earned_was_granted,
    refunds_leave_their_share,
    no_line_is_left_more_than_it_was,
)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
