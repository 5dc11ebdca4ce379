"""Which days have to be counted anew, and that nobody forgets one.

Marks are appended by the transaction that changes events and never looked at by it. Whoever counts a day takes the
day's lock, removes the marks that are committed by then, and only afterwards reads events: what is committed later has
brought a mark of its own, which stays.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from django.db import connection, transaction

from analytics.events.models import DirtyDay
from analytics.events.services.partitions import partition_of
from shop.core.transactions import use_case

TRAFFIC, FUNNEL, HEAT, COLUMNS = "traffic", "funnel", "heat", "columns"
KINDS = (TRAFFIC, HEAT, FUNNEL, COLUMNS)
# A chain may end so many days after the day of its start.
FUNNEL_DAYS = 7
# Days of the past are many events; nobody waits for them.
PATIENCE = "SET LOCAL statement_timeout = '540s'"
_COUNTED = """
INSERT INTO events_countedkind (kind, version) VALUES (%s, gen_random_uuid())
ON CONFLICT (kind) DO UPDATE SET version = excluded.version
"""
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"


def mark_days(days: Iterable[date], *, kinds: Iterable[str] = KINDS) -> None:
    """Part of the caller's transaction."""
    marks = {
        (day - timedelta(days=back), kind)
        for day in days
        for kind in kinds
        for back in range(FUNNEL_DAYS + 1 if kind == FUNNEL else 1)
    }
    DirtyDay.objects.bulk_create([DirtyDay(day=day, kind=kind) for day, kind in sorted(marks)])


def rebuild_dirty(*, kinds: Mapping[str, Callable[[date], None]], seconds: float) -> int:
    """Count the dirty days of these kinds anew, the latest first, as far as the time goes; returns how many."""
    ends, done = time.monotonic() + seconds, 0
    for kind, rebuild in kinds.items():
        for day in DirtyDay.objects.filter(kind=kind).order_by("-day").values_list("day", flat=True).distinct():
            if time.monotonic() > ends:
                return done
            done += rebuild_day(day=day, kind=kind, rebuild=rebuild)
    return done


@use_case
def rebuild_day(*, day: date, kind: str, rebuild: Callable[[date], None]) -> bool:
    """False while somebody else counts this very day, or where there is nothing to count."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"analytics:{kind}:{day}"])
        if not cursor.fetchone()[0] or not DirtyDay.objects.filter(day=day, kind=kind).delete()[0]:
            return False
        cursor.execute("SELECT to_regclass(%s) IS NULL", [partition_of(day)])
        if cursor.fetchone()[0]:
            # Its events are dropped, or there were none: what was counted of it stays.
            return False
        cursor.execute(PATIENCE)
    with transaction.atomic():
        rebuild(day)
        with connection.cursor() as cursor:
            # The last, because every day of the kind waits for this row.
            cursor.execute(_COUNTED, [kind])
    return True
