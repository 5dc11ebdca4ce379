"""One partition per Shanghai day: made ahead, made when history is loaded, dropped whole when its time is over."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection

from analytics.events.preferences import KEEP_MONTHS
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import use_case

DAYS_BACK, DAYS_AHEAD = 4, 7
_NAMES = """
SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = 'events_event'::regclass
"""


def partition_of(day: date) -> str:
    return f"events_event_{day:%Y%m%d}"


def ensure_partitions(days: Iterable[date]) -> int:
    """Part of the caller's transaction; returns how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES)
        known = {name for (name,) in cursor.fetchall()}
        missing = [day for day in sorted(set(days)) if partition_of(day) not in known]
        for day in missing:
            start, end = day_bounds(day)
            cursor.execute(
                f"CREATE TABLE {partition_of(day)} PARTITION OF events_event FOR VALUES FROM (%s) TO (%s)",
                [start, end],
            )
    return len(missing)


@use_case
def make_ahead(*, now: datetime) -> int:
    today = business_day(now)
    return ensure_partitions(today + timedelta(days=n) for n in range(-DAYS_BACK, DAYS_AHEAD + 1))


@use_case
def drop_old(*, now: datetime) -> int:
    """What was counted of these days stays as it is; returns how many days were dropped."""
    oldest = partition_of(first_day_kept(now=now))
    with connection.cursor() as cursor:
        cursor.execute(_NAMES)
        old = sorted(name for (name,) in cursor.fetchall() if name < oldest)
        for name in old:
            cursor.execute(f"DROP TABLE {name}")
    return len(old)


def first_day_kept(*, now: datetime) -> date:
    """The same day of the month so many months ago, or its last."""
    today = business_day(now)
    months = today.year * 12 + today.month - 1 - KEEP_MONTHS.value()
    first = date(months // 12, months % 12 + 1, 1)
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return min(first + timedelta(days=today.day - 1), following - timedelta(days=1))
