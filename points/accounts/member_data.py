"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from points.accounts.models import ExpiryReminder, GrantLine


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Who was told on both accounts was told once; what was told of the points is not added up."""
    told = ExpiryReminder.objects.filter(member_id=target_id).values("round")
    theirs = ExpiryReminder.objects.filter(member_id=source_id)
    theirs.filter(round__in=told).delete()
    lines = GrantLine.objects.filter(member_id=source_id)
    return {
        "expiry_reminders": theirs.update(member_id=target_id),
        "gifts_by_file": lines.update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Points and rows stay, for the sums of the file; words about the member go."""
    lines = GrantLine.objects.filter(member_id=member_id).exclude(reason="")
    return {"gifts_by_file": lines.update(reason="")}


def export(*, member_id: int) -> Mapping[str, Any]:
    reminders = ExpiryReminder.objects.filter(member_id=member_id).order_by("pk")
    lines = GrantLine.objects.filter(member_id=member_id).order_by("pk")
    return {
        "expiry_reminders": list(reminders.values("points", "last_valid_at", "told_at")),
        "gifts_by_file": list(lines.values("points", "reason", "status")),
    }
