"""How long things are kept, and whose they are: the night's cleaning, merged accounts, erased and exported members."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from analytics.events.dirty import mark_days
from analytics.events.models import Batch, Event, QuarantinedEvent, SessionClock, TrackingRefusal
from analytics.events.preferences import KEEP_QUARANTINED_DAYS
from shop.core.clock import business_day

# Longer than any event may be late.
CLOCK_DAYS = 7
EXPORTED = ("at", "name", "page", "campaign", "product_id", "channel", "device", "order_number")
MOST_EXPORTED = 50_000
# The visitors that were this member and nobody else: what they did before they signed in is the member's too.
_ERASE = """
WITH theirs AS (
    SELECT DISTINCT visitor_id FROM events_event mine WHERE member_id = %(member)s AND visitor_id <> ''
    AND NOT EXISTS (SELECT FROM events_event other
        WHERE other.visitor_id = mine.visitor_id AND other.member_id <> %(member)s)
), erased AS (
    DELETE FROM events_event WHERE member_id = %(member)s
    OR (member_id IS NULL AND visitor_id IN (SELECT visitor_id FROM theirs))
    RETURNING (at AT TIME ZONE 'Asia/Shanghai')::date AS day
)
SELECT day, count(*) FROM erased GROUP BY day
"""


def forget_old(*, now: datetime) -> int:
    """Clocks of ended sessions and what was refused long ago."""
    quarantined = QuarantinedEvent.objects.filter(received_at__lt=now - timedelta(days=KEEP_QUARANTINED_DAYS.value()))
    clocks = SessionClock.objects.filter(found_at__lt=now - timedelta(days=CLOCK_DAYS))
    return quarantined.delete()[0] + clocks.delete()[0]


def erase_events(*, member_id: int) -> int:
    """Part of the caller's transaction: of the table, the buffer and the quarantine. Sessions go over midnight, so the
    days beside them are counted anew as well."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASE, {"member": member_id})
        erased: dict[date, int] = dict(cursor.fetchall())
    mark_days(day + timedelta(days=step) for day in erased for step in (-1, 0, 1))
    waiting = Batch.objects.filter(member_id=member_id).delete()[0]
    refused = QuarantinedEvent.objects.filter(member_id=member_id).delete()[0]
    return sum(erased.values()) + waiting + refused


def move_events(*, source_id: int, target_id: int) -> int:
    """Part of the caller's transaction. What is counted names the member too."""
    moved = Event.objects.filter(member_id=source_id)
    mark_days({business_day(at) + timedelta(days=step) for at in _days_of(source_id) for step in (-1, 0)})
    Batch.objects.filter(member_id=source_id).update(member_id=target_id)
    QuarantinedEvent.objects.filter(member_id=source_id).update(member_id=target_id)
    return moved.update(member_id=target_id)


def export_events(*, member_id: int) -> dict[str, Any]:
    """The latest, up to a bound; whether the member refuses to be watched."""
    own = Event.objects.filter(member_id=member_id).order_by("-at").values(*EXPORTED)[:MOST_EXPORTED]
    refusal = TrackingRefusal.objects.filter(member_id=member_id).first()
    return {"events": list(own), "tracking_refused_at": refusal.refused_at if refusal else None}


def _days_of(member_id: int) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(at) FROM events_event WHERE member_id = %s GROUP BY (at AT TIME ZONE 'Asia/Shanghai')::date",
            [member_id],
        )
        return [at for (at,) in cursor.fetchall()]
