"""R, F and M of every buyer, and how far every member has come: one pass inside the database, whatever their number."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from analytics.buyers.preferences import DORMANT_DAYS, LIMITS, LOST_DAYS, NEW_DAYS, QUANTILES, SCORED_BY
from analytics.buyers.purchases import PURCHASES
from shop.core.clock import SHANGHAI, day_bounds
from shop.core.transactions import use_case

YEAR = timedelta(days=365)
WINDOWS = (30, 60, 90, 180, 365)
_DAYS_AGO = "(%(day)s::date - (last_paid_at AT TIME ZONE 'Asia/Shanghai')::date)"
# 1 + floor(5 (rank − 1) / n), ties equal: the rank is that of the first of them.
_FIFTH = "1 + 5 * (rank() OVER (ORDER BY {by}) - 1) / count(*) OVER ()"
_BY_FIFTHS = {
    "recency": _FIFTH.format(by=f"{_DAYS_AGO} DESC"),
    "frequency": _FIFTH.format(by="orders"),
    "monetary": _FIFTH.format(by="spent_fen"),
}
# As many points as limits are met, so that limits in the wrong order still give a score.
_BY_LIMITS = {
    "recency": f"1 + (SELECT count(*) FROM unnest(%(recency)s::int[]) AS most WHERE {_DAYS_AGO} <= most)",
    "frequency": "1 + (SELECT count(*) FROM unnest(%(frequency)s::int[]) AS least WHERE orders >= least)",
    "monetary": "1 + (SELECT count(*) FROM unnest(%(monetary)s::bigint[]) AS least WHERE spent_fen >= least)",
}
_FRESH = """
CREATE TEMPORARY TABLE fresh_buyer ON COMMIT DROP AS
WITH bought AS (
    SELECT member_id, min(paid_at) AS first_paid_at, max(paid_at) AS last_paid_at, count(*) AS orders_ever,
        sum(net_fen)::bigint AS spent_ever_fen,
        count(*) FILTER (WHERE paid_at >= %(since)s) AS orders,
        coalesce(sum(net_fen) FILTER (WHERE paid_at >= %(since)s), 0)::bigint AS spent_fen
    FROM ({purchases}) AS purchase JOIN identity_member buyer ON buyer.id = member_id AND buyer.status = 'active'
    WHERE paid_at < %(until)s GROUP BY member_id
), scored AS (
    SELECT member_id, {recency} AS recency, {frequency} AS frequency, {monetary} AS monetary FROM bought
    WHERE orders > 0
), seen AS (
    SELECT member_id, max(refreshed_at) AS at FROM identity_membersession WHERE refreshed_at < %(until)s GROUP BY 1
), known AS (
    SELECT member.id AS member_id, recency, frequency, monetary, coalesce(orders, 0) AS orders,
        coalesce(spent_fen, 0) AS spent_fen, coalesce(orders_ever, 0) AS orders_ever,
        coalesce(spent_ever_fen, 0) AS spent_ever_fen, first_paid_at, last_paid_at,
        greatest(member.joined_at, last_paid_at, seen.at) AS last_seen_at, member.joined_at
    FROM identity_member member
    LEFT JOIN bought ON bought.member_id = member.id
    LEFT JOIN scored ON scored.member_id = member.id
    LEFT JOIN seen ON seen.member_id = member.id
    WHERE member.status = 'active' AND member.joined_at < %(until)s
)
SELECT *, CASE
    WHEN first_paid_at IS NULL AND joined_at >= %(new_since)s THEN 'new'
    WHEN first_paid_at IS NULL THEN 'prospect'
    WHEN last_seen_at < %(lost_before)s THEN 'lost'
    WHEN last_seen_at < %(dormant_before)s THEN 'dormant'
    WHEN monetary = 5 AND frequency >= 4 THEN 'high_value'
    WHEN first_paid_at >= %(new_since)s THEN 'new'
    ELSE 'active' END AS stage
FROM known
"""
_MOVES = """
INSERT INTO buyers_stagemove AS move (member_id, day, came_from, went_to)
SELECT member_id, %(day)s, before.stage, fresh.stage
FROM fresh_buyer fresh JOIN buyers_buyerprofile before USING (member_id) WHERE before.stage <> fresh.stage
ON CONFLICT (member_id, day) DO UPDATE SET went_to = excluded.went_to
"""
_COLUMNS = """stage, recency, frequency, monetary, orders, spent_fen, orders_ever, spent_ever_fen, first_paid_at,
    last_paid_at, last_seen_at"""
_KEEP = f"""
INSERT INTO buyers_buyerprofile AS kept (member_id, day, stage_since, {_COLUMNS})
SELECT member_id, %(day)s, %(day)s, {_COLUMNS} FROM fresh_buyer ORDER BY member_id
ON CONFLICT (member_id) DO UPDATE SET
    stage_since = CASE WHEN kept.stage = excluded.stage THEN kept.stage_since ELSE excluded.stage_since END,
    (day, {_COLUMNS}) = (excluded.day, {", ".join(f"excluded.{each.strip()}" for each in _COLUMNS.split(","))})
"""
_DROP = """
DELETE FROM buyers_buyerprofile gone
WHERE NOT EXISTS (SELECT FROM fresh_buyer fresh WHERE fresh.member_id = gone.member_id)
"""
_STAGES = """
INSERT INTO buyers_stageday (day, stage, members)
SELECT %(day)s, stage, (SELECT count(*) FROM fresh_buyer fresh WHERE fresh.stage = every.stage)
FROM unnest(ARRAY['prospect', 'new', 'active', 'high_value', 'dormant', 'lost']) AS every (stage)
ON CONFLICT (day, stage) DO UPDATE SET members = excluded.members
"""
_AGAIN = f"""
INSERT INTO buyers_repurchaseday (day, "window", buyers, again)
WITH numbered AS (
    SELECT member_id, paid_at, row_number() OVER (PARTITION BY member_id ORDER BY paid_at, order_id) AS place
    FROM ({PURCHASES}) AS purchase WHERE paid_at < %(until)s
), pairs AS (
    SELECT first.paid_at AS first_at, second.paid_at AS second_at
    FROM numbered first LEFT JOIN numbered second ON second.member_id = first.member_id AND second.place = 2
    WHERE first.place = 1
)
SELECT %(day)s::date, days, count(*) FILTER (WHERE ripe), count(*) FILTER (WHERE ripe AND returned)
FROM (
    SELECT days, first_at <= %(until)s - make_interval(days => days) AS ripe,
        coalesce(second_at < first_at + make_interval(days => days), false) AS returned
    FROM pairs CROSS JOIN unnest(%(windows)s::int[]) AS days
) AS told GROUP BY days
UNION ALL SELECT %(day)s::date, 0, count(*) FILTER (WHERE orders > 0), count(*) FILTER (WHERE orders > 1)
FROM fresh_buyer
ON CONFLICT (day, "window") DO UPDATE SET buyers = excluded.buyers, again = excluded.again
"""


@use_case
def score_members(*, day: date) -> Mapping[str, int]:
    """Everything as of the end of `day`: profiles, moves between stages, and the day's counts. Safe to repeat."""
    known = _known(day)
    scores = _BY_FIFTHS if SCORED_BY.value() == QUANTILES else _BY_LIMITS
    with connection.cursor() as cursor:
        # Two nights at once: the second finds the first's work done.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('buyers', 0))")
        cursor.execute("SELECT coalesce(max(day) > %s, false) FROM buyers_buyerprofile", [day])
        [is_overtaken] = cursor.fetchone()
        if is_overtaken:
            return {"skipped": 1}
        cursor.execute(_FRESH.format(purchases=PURCHASES, **scores), known)
        cursor.execute(_MOVES, known)
        moved = cursor.rowcount
        cursor.execute(_KEEP, known)
        evaluated = cursor.rowcount
        for statement in (_DROP, _STAGES, _AGAIN):
            cursor.execute(statement, known)
        cursor.execute("DROP TABLE fresh_buyer")
    return {"evaluated": evaluated, "moved": moved}


def _known(day: date) -> dict[str, Any]:
    until = day_bounds(day)[1]
    limits = {name: [limit.value() for limit in each] for name, each in LIMITS.items()}
    return {
        "day": day,
        "until": until,
        "since": until - YEAR,
        "new_since": _before(until, NEW_DAYS.value()),
        "dormant_before": _before(until, DORMANT_DAYS.value()),
        "lost_before": _before(until, LOST_DAYS.value()),
        "windows": list(WINDOWS),
        **limits,
    }


def _before(until: datetime, days: int) -> datetime:
    return until.astimezone(SHANGHAI) - timedelta(days=days)
