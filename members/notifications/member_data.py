"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from members.notifications.models import (
    Notification,
    NotificationLanguage,
    NotificationPreference,
    SubscribeCredit,
)
from members.notifications.queries import choices, chosen_language


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """What both were told stays once; where both have chosen, the target's choice holds; accepted messages add up."""
    told = Notification.objects.filter(member_id=target_id)
    same = told.filter(event=OuterRef("event"), dedupe_key=OuterRef("dedupe_key"))
    own = Notification.objects.filter(member_id=source_id)
    moved = own.exclude(Exists(same)).update(member_id=target_id)
    own.delete()
    for credit in SubscribeCredit.objects.filter(member_id=source_id):
        SubscribeCredit.objects.bulk_create(
            [SubscribeCredit(member_id=target_id, template=credit.template)], ignore_conflicts=True
        )
        SubscribeCredit.objects.filter(member_id=target_id, template=credit.template).update(
            accepted=F("accepted") + credit.accepted, used=F("used") + credit.used
        )
        credit.delete()
    chosen = NotificationPreference.objects.filter(member_id=target_id)
    theirs = NotificationPreference.objects.filter(member_id=source_id)
    theirs.exclude(Exists(chosen.filter(category=OuterRef("category"), channel=OuterRef("channel")))).update(
        member_id=target_id
    )
    theirs.delete()
    if not NotificationLanguage.objects.filter(member_id=target_id).exists():
        NotificationLanguage.objects.filter(member_id=source_id).update(member_id=target_id)
    NotificationLanguage.objects.filter(member_id=source_id).delete()
    return {"notifications": moved}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Nothing of it must be kept by law: the messages name the member's orders, phones and tiers."""
    SubscribeCredit.objects.filter(member_id=member_id).delete()
    NotificationPreference.objects.filter(member_id=member_id).delete()
    NotificationLanguage.objects.filter(member_id=member_id).delete()
    deleted = Notification.objects.filter(member_id=member_id).delete()[1]
    return {"notifications": deleted.get("notifications.Notification", 0)}


def export(*, member_id: int) -> Mapping[str, Any]:
    told = Notification.objects.filter(member_id=member_id).order_by("pk")
    return {
        "notifications": list(told.values("event", "title", "body", "context", "created_at", "read_at")),
        "notification_preferences": {
            "language": chosen_language(member_id=member_id),
            "choices": choices(member_id=member_id),
        },
    }
