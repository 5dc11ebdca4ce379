"""The door for every other room: tell a member, or the staff, what came true."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from django.db.models import QuerySet

from members.notifications.events import Channel, NotificationEvent
from members.notifications.facts import DeliveriesQueued
from members.notifications.models import Delivery, Notification
from members.notifications.queries import Reach, reach_of_member, reach_of_staff
from members.notifications.services.routing import Telling, open_route, telling_of
from members.notifications.texts import render
from shop.core.models import StaffUser
from shop.core.outbox import publish
from shop.core.prepared import Prepared

# With its deliveries, of which it answers those that are to go out. Two at once: the second waits for the first, and
# gives way to it.
_INSERT = Prepared(
    "tell",
    """
WITH told AS (
    INSERT INTO notifications_notification
        (member_id, staff_id, event, dedupe_key, category, context, title, body, link, in_inbox, created_at)
    VALUES (%(member_id)s, %(staff_id)s, %(event)s, %(dedupe_key)s, %(category)s, %(context)s::jsonb, %(title)s,
        %(body)s, %(link)s, %(in_inbox)s, %(created_at)s::timestamptz)
    ON CONFLICT DO NOTHING
    RETURNING id
), delivered AS (
    INSERT INTO notifications_delivery (notification_id, channel, status, language, text, error_code, provider_id,
        attempts, due_at, counts_on, credit_template, created_at, finished_at)
    SELECT told.id, channel, status, language, '', error_code, '', attempts, due_at, counts_on, '',
        %(created_at)s::timestamptz, finished_at
    FROM told, unnest(%(channels)s::text[], %(statuses)s::text[], %(languages)s::text[], %(error_codes)s::text[],
        %(attempts)s::int[], %(dues)s::timestamptz[], %(counted)s::date[], %(finished)s::timestamptz[])
        AS row(channel, status, language, error_code, attempts, due_at, counts_on, finished_at)
    RETURNING id, status
)
SELECT told.id, (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM delivered WHERE status = 'queued') FROM told
""",
)
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
    written = _insert(notification, deliveries)
    if written is None:
        return None
    notification_id, queued = written
    if queued:
        publish(DeliveriesQueued(delivery_ids=queued))
    return int(notification_id)


def _write_inbox_text(notification: Notification, telling: Telling) -> None:
    inbox = telling.words.get(Channel.IN_APP)
    if inbox:
        notification.title = render(inbox.title, telling.values)[:300]
        notification.body = render(inbox.body, telling.values)


def _insert(notification: Notification, deliveries: Sequence[Delivery]) -> tuple[Any, ...] | None:
    """Its key and those of the deliveries that are to go out; None where it is known already."""
    return _INSERT.row(_columns(notification, deliveries))


def _columns(notification: Notification, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    return {
        **vars(notification),
        "category": str(notification.category),
        "context": orjson.dumps(notification.context).decode(),
        "channels": [str(row.channel) for row in deliveries],
        "statuses": [str(row.status) for row in deliveries],
        "languages": [row.language for row in deliveries],
        "error_codes": [row.error_code for row in deliveries],
        "attempts": [row.attempts for row in deliveries],
        "dues": [row.due_at for row in deliveries],
        "counted": [row.counts_on for row in deliveries],
        "finished": [row.finished_at for row in deliveries],
    }
