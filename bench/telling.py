"""What `analytics.py` runs inside the shop's own Python: synthetic events, the loader, the counting of days."""

import time
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from analytics.engine.columns import ColumnsEngine
from analytics.engine.export import export_day
from analytics.engine.interface import Period
from analytics.engine.postgres import PostgresEngine
from analytics.events.dirty import FUNNEL, HEAT, TRAFFIC, mark_days, rebuild_dirty
from analytics.events.lines import COLUMNS, Row, lines_of, milliseconds, with_member
from analytics.events.models import Batch
from analytics.events.services.loading import load_events
from analytics.events.services.partitions import ensure_partitions
from analytics.funnel.rebuild import rebuild_funnel
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic

DAYS = 30
FIRST = date(2026, 3, 1)
BATCH = 100
# Of each ten sessions one comes so far; what is drawn follows from numbers alone, so that a seed gives the same.
NAMES = "page_view load exposure leave click exposure page_view cart leave click order paid"
GOODS = "name IN ('exposure', 'click', 'cart', 'order', 'paid')"
FILL = f"""
INSERT INTO events_event (event_id, at, sequence, name, visitor_id, session_id, member_id, page, campaign, product_id,
    channel, device, load_ms, dwell_ms, order_number, amount_fen, is_bot, props, received_at)
SELECT md5(%(seed)s || '-' || session || '-' || step)::uuid,
    date_trunc('milliseconds', %(start)s::timestamptz + (drawn %% %(seconds)s) * interval '1 second'
        + step * (5 + drawn %% 31) * interval '1 second'),
    step, name, 'v' || (drawn / 7 %% %(visitors)s), 's' || session, NULL,
    CASE WHEN {GOODS} THEN '' ELSE '/page/' || ((drawn + step / 6) %% 40) END,
    '', CASE WHEN {GOODS} THEN 1 + (drawn / 11 + step) %% 200 END,
    (ARRAY['h5', 'app', 'mini_program'])[1 + drawn %% 3], (ARRAY['ios', 'android'])[1 + drawn %% 2],
    CASE WHEN name = 'load' THEN 200 + drawn %% 6000 END, CASE WHEN name = 'leave' THEN 500 + drawn %% 60000 END,
    CASE WHEN name IN ('order', 'paid') THEN 'B' || session ELSE '' END, NULL, false, NULL, now()
FROM (
    SELECT session, abs(hashint8extended(session, %(seed)s)) AS drawn
    FROM generate_series(%(first)s, %(last)s) AS session
) sessions
CROSS JOIN LATERAL (
    SELECT ordinality AS step, name FROM unnest(string_to_array('{NAMES}', ' ')) WITH ORDINALITY
    AS all_steps (name, ordinality)
    WHERE ordinality <= 1 + (ARRAY[1,2,3,4,5,5,6,8,9,12])[1 + drawn / 13 %% 10]
) steps
"""
FOREVER = "SET LOCAL statement_timeout = 0"


def fill(*, sessions: int, seed: int) -> dict[str, Any]:
    """So many sessions of thirty days; about six events each."""
    asked = {
        "seed": seed,
        "start": f"{FIRST}T00:00:00+08:00",
        "seconds": (DAYS - 1) * 86_400,
        "visitors": sessions // 4,
    }
    started, at_once = time.monotonic(), 100_000
    with transaction.atomic():
        ensure_partitions(FIRST + timedelta(days=n) for n in range(DAYS + 1))
    for first in range(1, sessions + 1, at_once):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FOREVER)
            cursor.execute(FILL, {**asked, "first": first, "last": min(first + at_once - 1, sessions)})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOREVER)
        cursor.execute("ANALYZE events_event")
        cursor.execute("SELECT count(*) FROM events_event")
        [events] = cursor.fetchone()
    return {"events": events, "seconds": time.monotonic() - started}


def count_days() -> float:
    """Seconds for thirty days of everything."""
    with transaction.atomic():
        mark_days((FIRST + timedelta(days=n) for n in range(DAYS)), kinds=(TRAFFIC, HEAT))
        mark_days((FIRST + timedelta(days=n) for n in range(7, DAYS)), kinds=[FUNNEL])
    started = time.monotonic()
    kinds = {TRAFFIC: rebuild_traffic, HEAT: rebuild_heat, FUNNEL: rebuild_funnel}
    rebuild_dirty(kinds=kinds, seconds=3_600)
    return time.monotonic() - started


def ingest(*, events: int, seed: int) -> dict[str, Any]:
    """Rates of COPY into the table, and of the loader from the buffer, in turn; and what is there afterwards."""
    day = FIRST + timedelta(days=60)
    with transaction.atomic():
        ensure_partitions([day])
    rates: dict[str, float] = {"copy": 0.0, "load": 0.0}
    lines = [_lines(events, f"{seed}-{turn}", day) for turn in range(4)]
    for turn, each in enumerate(lines):
        if turn % 2:
            rates["load"] += _loaded(each, events) / 2
        else:
            rates["copy"] += _copied(each, events) / 2
    # All of it once more, as from fronts that have heard no answer.
    _loaded(lines[1], events)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_event WHERE page = '/ingest'")
        return {**rates, "kept": cursor.fetchone()[0]}


def _lines(events: int, seed: str, day: date) -> list[str]:
    noon = milliseconds(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
    rows = [
        Row(
            event_id=str(UUID(int=hash((seed, n)) % 2**64 * 2**64 + n)),
            at_ms=noon + n,
            name="click",
            visitor_id=f"v{n % (events // 20)}",
            session_id=f"s{n % (events // 10)}",
            page="/ingest",
            product_id=1 + n % 200,
            channel="h5",
        )
        for n in range(events)
    ]
    now = datetime.now(UTC)
    return [lines_of(rows[first : first + BATCH], now=now) for first in range(0, events, BATCH)]


def _copied(lines: list[str], events: int) -> float:
    told = StringIO("".join(with_member(each, None) for each in lines))
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY events_event ({COLUMNS}) FROM STDIN", told)
    return events / (time.monotonic() - started)


def _loaded(lines: list[str], events: int) -> float:
    now = datetime.now(UTC)
    Batch.objects.bulk_create([Batch(lines=each, events=BATCH, received_at=now) for each in lines], batch_size=500)
    started = time.monotonic()
    load_events(seconds=600)
    return events / (time.monotonic() - started)


def export_all() -> float:
    """Seconds for the files of all days."""
    started = time.monotonic()
    for n in range(DAYS + 1):
        export_day(FIRST + timedelta(days=n))
    return time.monotonic() - started


def funnel_of_week() -> dict[str, Any]:
    """Seven days by the engine of files: the steps, and the best of three runs in seconds."""
    read, period, took = ColumnsEngine(), Period(FIRST + timedelta(days=10), FIRST + timedelta(days=16)), []
    for _turn in range(3):
        started = time.monotonic()
        steps = read.funnel(period)
        took.append(time.monotonic() - started)
    return {"steps": list(steps), "seconds": min(took), "rollup": list(PostgresEngine().funnel(period))}


def bounces_of_month() -> dict[str, Any]:
    """Entries and bounces by page, and the best of three runs of each engine in seconds."""
    period, found = Period(FIRST, FIRST + timedelta(days=DAYS - 1)), dict[str, Any]()
    for name, read in (("rollup", PostgresEngine()), ("files", ColumnsEngine())):
        took = []
        for _turn in range(3):
            started = time.monotonic()
            pages = read.bounces(period)
            took.append(time.monotonic() - started)
        found[name] = sorted([page, each.entries, each.bounces] for page, each in pages.items())
        found[f"{name}_seconds"] = min(took)
    return found
