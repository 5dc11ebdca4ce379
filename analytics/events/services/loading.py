"""The loader: batches become rows of the table, each event once, and their days are marked, in one transaction.

One at a time: sessions go over midnight, and two loaders would not see each other's halves.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from typing import Any, NamedTuple

import structlog
from django.db import DataError, IntegrityError, connection

from analytics.events.dirty import COLUMNS as FILES
from analytics.events.dirty import FUNNEL, FUNNEL_DAYS, HEAT, PATIENCE, TRAFFIC
from analytics.events.incoming import LONGEST_KEPT, Reason
from analytics.events.lines import COLUMNS, with_member
from analytics.events.models import QuarantinedEvent
from analytics.events.names import FUNNEL_STEPS
from analytics.events.services.partitions import ensure_partitions
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)
EVENTS_AT_ONCE = 50_000
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('analytics:load'))"
_TAKE = """
WITH waiting AS (
    SELECT id, sum(events) OVER (ORDER BY id) - events AS before FROM events_batch ORDER BY id LIMIT 5000
)
DELETE FROM events_batch WHERE id IN (SELECT id FROM waiting WHERE before < %s)
RETURNING member_id, lines, events, received_at
"""
_INCOMING = f"""
CREATE TEMP TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS AS SELECT {COLUMNS} FROM events_event WITH NO DATA;
DELETE FROM incoming
"""
_SPAN = "SELECT array_agg(DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date), min(at), max(at) FROM incoming"
# What is known is left out before: nobody else adds events, and `ON CONFLICT` costs a fifth more of every new one.
# Each look-up goes by an index of few days, never over the whole table: `OFFSET 0` keeps it one.
# A session belongs to the day of its first event, which may be the day before or, without the new one, the day after;
# an order of the day after may belong to it; what is paid belongs to the day of its order.
_INSERT = f"""
WITH added AS (
    INSERT INTO events_event ({COLUMNS})
    SELECT {COLUMNS} FROM (SELECT DISTINCT ON (event_id, at) * FROM incoming ORDER BY event_id, at, member_id) once
    WHERE NOT EXISTS (
        SELECT FROM events_event known WHERE known.event_id = once.event_id AND known.at = once.at
        AND known.at BETWEEN %(first)s AND %(last)s
        OFFSET 0
    )
    RETURNING (at AT TIME ZONE 'Asia/Shanghai')::date AS day, name, visitor_id, session_id, member_id, order_number
), touched AS (
    SELECT DISTINCT visitor_id, session_id, member_id, day FROM added
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
    UNION ALL SELECT DISTINCT day - back, '{FUNNEL}'
    FROM (SELECT DISTINCT day FROM added WHERE name = ANY(%(steps)s)) chained
    CROSS JOIN generate_series(0, {FUNNEL_DAYS}) AS back
)
SELECT count(*) FROM added
"""


class Taken(NamedTuple):
    """A batch that has left the buffer."""

    member_id: int | None
    lines: str
    events: int
    received_at: datetime


def load_events(*, seconds: float) -> dict[str, int]:
    """Load what waits, as far as the time goes; returns how many events were new, and how many came again.

    What the database cannot take is put aside, a batch at a time, so that it holds up nothing else.
    """
    ends, moved, again, most = time.monotonic() + seconds, 0, 0, EVENTS_AT_ONCE
    while time.monotonic() < ends:
        try:
            taken, added = load_some(most=most)
        except (DataError, IntegrityError) as error:
            if most == 1:
                set_first_aside(because=str(error))
            most = 1
            continue
        if not taken:
            break
        moved, again, most = moved + added, again + taken - added, min(most * 10, EVENTS_AT_ONCE)
    return {"moved": moved, "skipped": again}


@use_case
def load_some(*, most: int = EVENTS_AT_ONCE) -> tuple[int, int]:
    """One transaction of about so many events; returns how many were taken and how many of them were new."""
    with connection.cursor() as cursor:
        batches = _take(cursor, most)
        if not batches:
            return 0, 0
        cursor.execute(PATIENCE)
        cursor.execute(_INCOMING)
        copy_lines(cursor, [with_member(batch.lines, batch.member_id) for batch in batches])
        cursor.execute(_SPAN)
        days, first, last = cursor.fetchone()
        ensure_partitions(days)
        cursor.execute(_INSERT, {"first": first, "last": last, "steps": list(FUNNEL_STEPS)})
        [added] = cursor.fetchone()
    return sum(batch.events for batch in batches), added


@use_case
def set_first_aside(*, because: str) -> None:
    """Move the batch that waits longest into the quarantine, where staff see it."""
    with connection.cursor() as cursor:
        batches = _take(cursor, 1)
    QuarantinedEvent.objects.bulk_create(
        QuarantinedEvent(
            reason=Reason.NOT_LOADED,
            event=line[:LONGEST_KEPT],
            member_id=batch.member_id,
            received_at=batch.received_at,
        )
        for batch in batches
        for line in batch.lines.split("\n")
    )
    log.error("events_not_loaded", events=sum(batch.events for batch in batches), error=because)


def copy_lines(cursor: Any, lines: Sequence[str]) -> None:
    with connection.wrap_database_errors:
        cursor.cursor.copy_expert(f"COPY incoming ({COLUMNS}) FROM STDIN", StringIO("".join(lines)))


def _take(cursor: Any, most: int) -> list[Taken]:
    """Those that wait longest, one at least; nothing while another loader is at it."""
    cursor.execute(_LOCK)
    if not cursor.fetchone()[0]:
        return []
    cursor.execute(_TAKE, [most])
    return [Taken(*row) for row in cursor.fetchall()]
