"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from analytics.events.models import TrackingRefusal
from analytics.events.services.keeping import erase_events, export_events, move_events


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Refused by either is refused by both."""
    if TrackingRefusal.objects.filter(member_id=target_id).exists():
        TrackingRefusal.objects.filter(member_id=source_id).delete()
    return {
        "events": move_events(source_id=source_id, target_id=target_id),
        "tracking refusals": TrackingRefusal.objects.filter(member_id=source_id).update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {
        "events": erase_events(member_id=member_id),
        "tracking refusals": TrackingRefusal.objects.filter(member_id=member_id).delete()[0],
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    return {"analytics": export_events(member_id=member_id)}
