"""The loader: batches become rows of the table, each event once, and their days are marked, in one transaction.

One at a time: sessions go over midnight, and two loaders would not see each other's halves.
"""

import time
from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.db import connection

from analytics.events.dirty import COLUMNS as FILES
from analytics.events.dirty import FUNNEL, FUNNEL_DAYS, HEAT, PATIENCE, TRAFFIC
from analytics.events.lines import COLUMNS, with_member
from analytics.events.names import FUNNEL_STEPS
from analytics.events.services.partitions import ensure_partitions
from shop.core.transactions import use_case

EVENTS_AT_ONCE = 50_000
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('analytics:load'))"
_TAKE = """
WITH waiting AS (
    SELECT id, sum(events) OVER (ORDER BY id) - events AS before FROM events_batch ORDER BY id LIMIT 5000
)
DELETE FROM events_batch WHERE id IN (SELECT id FROM waiting WHERE before < %s) RETURNING member_id, lines, events
"""
_INCOMING = f"""
CREATE TEMP TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS AS SELECT {COLUMNS} FROM events_event WITH NO DATA;
DELETE FROM incoming
"""
_DAYS = "SELECT DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date FROM incoming"
# Each look-up goes by an index of few days, never over the whole table: `OFFSET 0` keeps it one.
# A session belongs to the day of its first event, which may be the day before or, without the new one, the day after;
# an order of the day after may belong to it; what is paid belongs to the day of its order.
_INSERT = f"""
WITH added AS (
    INSERT INTO events_event ({COLUMNS}) SELECT {COLUMNS} FROM incoming ON CONFLICT DO NOTHING
    RETURNING at, name, visitor_id, session_id, member_id, order_number
), touched AS (
    SELECT DISTINCT visitor_id, session_id, member_id, (at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM added
), days AS (
    SELECT DISTINCT day, (day::timestamp AT TIME ZONE 'Asia/Shanghai') AS starts FROM touched
), traffic AS (
    SELECT day FROM days
    UNION
    SELECT day + step FROM touched JOIN days USING (day) CROSS JOIN (VALUES (-1), (1)) AS neighbour (step)
    WHERE session_id <> '' AND EXISTS (
        SELECT FROM events_event known
        WHERE known.visitor_id = touched.visitor_id AND known.session_id = touched.session_id
        AND known.at >= days.starts + step * interval '1 day' AND known.at < days.starts + (step + 1) * interval '1 day'
        OFFSET 0
    )
    UNION
    SELECT day + 1 FROM touched JOIN days USING (day)
    WHERE member_id IS NOT NULL AND EXISTS (
        SELECT FROM events_event known
        WHERE known.member_id = touched.member_id AND known.name = 'order'
        AND known.at >= days.starts + interval '1 day' AND known.at < days.starts + interval '2 days'
        OFFSET 0
    )
    UNION
    SELECT (placed.at AT TIME ZONE 'Asia/Shanghai')::date
    FROM (SELECT DISTINCT order_number FROM added WHERE order_number <> '') orders CROSS JOIN LATERAL (
        SELECT at FROM events_event known
        WHERE known.order_number = orders.order_number AND known.order_number <> '' AND known.name = 'order'
        OFFSET 0
    ) placed
), marked AS (
    INSERT INTO events_dirtyday (day, kind)
    SELECT day, '{TRAFFIC}' FROM traffic
    UNION ALL SELECT day, kind FROM days CROSS JOIN (VALUES ('{HEAT}'), ('{FILES}')) AS each (kind)
    UNION ALL SELECT DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date - back, '{FUNNEL}'
    FROM added CROSS JOIN generate_series(0, {FUNNEL_DAYS}) AS back WHERE name = ANY(%s)
)
SELECT count(*) FROM added
"""


def load_events(*, seconds: float) -> dict[str, int]:
    """Load what waits, as far as the time goes; returns how many events were new, and how many came again."""
    ends, moved, again = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends:
        taken, added = load_some()
        if not taken:
            break
        moved, again = moved + added, again + taken - added
    return {"moved": moved, "skipped": again}


@use_case
def load_some() -> tuple[int, int]:
    """One transaction; returns how many events were taken and how many of them were new."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return 0, 0
        cursor.execute(_TAKE, [EVENTS_AT_ONCE])
        batches = cursor.fetchall()
        if not batches:
            return 0, 0
        cursor.execute(PATIENCE)
        cursor.execute(_INCOMING)
        copy_lines(cursor, [with_member(lines, member_id) for member_id, lines, _events in batches])
        cursor.execute(_DAYS)
        ensure_partitions(day for (day,) in cursor.fetchall())
        cursor.execute(_INSERT, [list(FUNNEL_STEPS)])
        [added] = cursor.fetchone()
    return sum(events for _member_id, _lines, events in batches), added


def copy_lines(cursor: Any, lines: Sequence[str]) -> None:
    cursor.cursor.copy_expert(f"COPY incoming ({COLUMNS}) FROM STDIN", StringIO("".join(lines)))
