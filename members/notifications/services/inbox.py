"""What members do with what they were told, and how they want to be told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from members.notifications.errors import NotificationRequired
from members.notifications.models import Notification, NotificationLanguage, NotificationPreference
from members.notifications.queries import ALWAYS
from shop.core.transactions import use_case


@use_case
def mark_read(*, member_id: int, ids: Sequence[int] | None, now: datetime) -> int:
    """Mark these as read, all with `ids` None; those that are not the member's are none of theirs. Returns how many."""
    unread = Notification.objects.filter(member_id=member_id, in_inbox=True, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    return unread.update(read_at=now)


@use_case
def choose(*, member_id: int, preferences: Sequence[Mapping[str, Any]] = (), language: str | None = None) -> None:
    """Keep what the member chose: `{category, channel, allowed}` each. Raises NotificationRequired."""
    for each in preferences:
        if (each["category"], each["channel"]) in ALWAYS and not each["allowed"]:
            raise NotificationRequired
    rows = {
        (each["category"], each["channel"]): NotificationPreference(member_id=member_id, **each) for each in preferences
    }
    NotificationPreference.objects.bulk_create(
        [row for _key, row in sorted(rows.items())],
        update_conflicts=True,
        unique_fields=["member", "category", "channel"],
        update_fields=["allowed"],
    )
    if language is not None:
        NotificationLanguage.objects.update_or_create(member_id=member_id, defaults={"language": language})


def forget_notifications(*, before: datetime, limit: int = 20_000) -> int:
    """Delete what was told before `before`, with its deliveries; returns how many notifications."""
    old = Notification.objects.filter(created_at__lt=before).order_by("created_at").values("pk")[:limit]
    return Notification.objects.filter(pk__in=old).delete()[1].get("notifications.Notification", 0)
