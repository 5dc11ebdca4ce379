"""The door for every other room: tell a member, or the staff, what came true."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import QuerySet

from members.notifications.events import Channel, NotificationEvent
from members.notifications.facts import DeliveriesQueued
from members.notifications.models import Delivery, Notification
from members.notifications.queries import Reach, reach_of_member, reach_of_staff
from members.notifications.services.routing import Telling, open_route, telling_of
from members.notifications.texts import render
from shop.core.models import StaffUser
from shop.core.outbox import publish

_INSERT = """
INSERT INTO notifications_notification
    (member_id, staff_id, event, dedupe_key, category, context, title, body, link, in_inbox, created_at)
VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
RETURNING id
"""
_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def notify(
    *, event: NotificationEvent, member_id: int, context: Mapping[str, Any], dedupe_key: str, now: datetime
) -> int | None:
    """Tell a member, inside the caller's transaction; the messages go out after its commit.

    Returns the notification's key; None when this member was told before under `dedupe_key`, or is no longer there.
    Raises TypeError when `context` is not what the event declares.
    """
    stored = event.stored(context)
    reach = reach_of_member(member_id=member_id)
    return None if reach is None else _tell(event, reach, stored, dedupe_key, now)


def notify_staff(
    *, event: NotificationEvent, permission: str, context: Mapping[str, Any], dedupe_key: str, now: datetime
) -> list[int]:
    """Tell the active staff who have `permission` (`app.codename`; all of them when blank) and a mail address.

    Inside the caller's transaction. Returns the keys of new notifications.
    """
    stored = event.stored(context)
    told = [_tell(event, reach_of_staff(user), stored, dedupe_key, now) for user in _staff_with(permission)]
    return [key for key in told if key is not None]


def queue(deliveries: Sequence[Delivery]) -> None:
    """Save new deliveries and have the queued ones sent after the commit."""
    Delivery.objects.bulk_create(deliveries)
    queued = [each.pk for each in deliveries if each.status == Delivery.Status.QUEUED]
    if queued:
        publish(DeliveriesQueued(delivery_ids=queued))


def _staff_with(permission: str) -> QuerySet[StaffUser]:
    if permission:
        users = StaffUser.objects.with_perm(permission, backend=_MODEL_BACKEND)
    else:
        users = StaffUser.objects.filter(is_active=True)
    return users.filter(is_staff=True).exclude(email="").order_by("pk")


def _tell(event: NotificationEvent, reach: Reach, stored: dict[str, Any], dedupe_key: str, now: datetime) -> int | None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("notify() belongs inside the transaction that makes true what it tells")
    telling = telling_of(event, reach, stored)
    notification = Notification(
        member_id=reach.member_id,
        staff_id=reach.staff_id,
        event=event.code,
        dedupe_key=dedupe_key,
        category=event.category,
        context=stored,
        link=render(event.link, telling.values),
        created_at=now,
    )
    _write_inbox_text(notification, telling)
    deliveries = [
        row for route in event.routes for row in open_route(telling, route, notification=notification, now=now)
    ]
    if not _insert(notification):
        return None
    for row in deliveries:
        row.notification = notification
    queue(deliveries)
    return notification.pk


def _write_inbox_text(notification: Notification, telling: Telling) -> None:
    inbox = telling.words.get(Channel.IN_APP)
    if inbox:
        notification.title = render(inbox.title, telling.values)[:300]
        notification.body = render(inbox.body, telling.values)


def _insert(notification: Notification) -> bool:
    """Whether it is new. Two at once: the second waits for the first, and gives way to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                notification.member_id,
                notification.staff_id,
                notification.event,
                notification.dedupe_key,
                str(notification.category),
                orjson.dumps(notification.context).decode(),
                notification.title,
                notification.body,
                notification.link,
                notification.in_inbox,
                notification.created_at,
            ],
        )
        row = cursor.fetchone()
    notification.pk = row[0] if row else None
    return row is not None
