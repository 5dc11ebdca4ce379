"""Laws of what was told."""

from django.db import connection

from members.notifications.events import event_of
from members.notifications.models import NotificationTemplate
from members.notifications.texts import complaints

_OVERDRAWN = """
SELECT credit.member_id, credit.template, credit.used, count(*)
FROM notifications_subscribecredit credit
JOIN notifications_notification told ON told.member_id = credit.member_id
JOIN notifications_delivery delivery
    ON delivery.notification_id = told.id AND delivery.credit_template = credit.template
GROUP BY credit.id
HAVING count(*) > credit.used
"""
_UNPAID = """
SELECT delivery.id
FROM notifications_delivery delivery
WHERE delivery.channel = 'subscribe' AND delivery.status = 'sent' AND delivery.credit_template = ''
"""
_UNREACHABLE = """
SELECT told.id
FROM notifications_notification told
LEFT JOIN notifications_delivery delivery
    ON delivery.notification_id = told.id AND delivery.channel = 'in_app' AND delivery.status = 'sent'
WHERE told.in_inbox <> (delivery.id IS NOT NULL)
"""


def every_message_can_be_written() -> list[str]:
    """After a release, this names the templates that were written for fields which their event has lost."""
    enabled = NotificationTemplate.objects.filter(enabled=True).order_by("pk")
    return [
        f"template {row.pk} of {row.event} on {row.channel} asks for what the event does not have"
        for row in enabled
        if (event := event_of(row.event)) and complaints(row.title + row.body, allowed=event.by_name)
    ]


def every_subscribe_message_used_a_subscription() -> list[str]:
    found = [
        f"member {member} used {used} of {template}, but {count} messages went out on it"
        for member, template, used, count in _rows(_OVERDRAWN)
    ]
    return found + [f"delivery {pk} went out without a subscription" for (pk,) in _rows(_UNPAID)]


def the_inbox_is_what_was_delivered_to_it() -> list[str]:
    return [f"notification {pk}: its place in the inbox differs from its delivery" for (pk,) in _rows(_UNREACHABLE)]


def _rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


LAWS = (
    every_message_can_be_written,
    every_subscribe_message_used_a_subscription,
    the_inbox_is_what_was_delivered_to_it,
)
