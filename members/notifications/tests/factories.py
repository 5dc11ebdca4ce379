"""Events for tests, told on every channel, and the stage that they need."""

from django.db import transaction

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare
from members.notifications.models import Delivery, NotificationTemplate, SubscribeCredit
from members.notifications.services import notify
from shop.core import clock

TEMPLATE = "WX-PARCEL"

# A parcel is news about one's own order: inbox, and WeChat or else SMS.
PARCEL = declare(
    NotificationEvent(
        code="test_parcel",
        label="test parcel",
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=(
            Field("number", Kind.TEXT, "number", "M1"),
            Field("amount", Kind.MONEY, "amount", 1250),
        ),
        link="pages/order?number={number}",
        texts={
            Channel.IN_APP: Text(title="Parcel {number}", body="Parcel {number} of {amount} is on its way."),
            Channel.SUBSCRIBE: Text(body="thing1: {number}\namount2: {amount}"),
            Channel.SMS: Text(body="Parcel {number} of {amount} is on its way."),
        },
    )
)

# An offer is marketing: SMS, or else the inbox.
OFFER = declare(
    NotificationEvent(
        code="test_offer",
        label="Offer",
        category=Category.MARKETING,
        routes=((Channel.SMS, Channel.IN_APP),),
        fields=(Field("name", Kind.TEXT, "name", "Tea week"),),
        texts={
            Channel.SMS: Text(body="{name} has begun."),
            Channel.IN_APP: Text(title="{name}", body="{name} has begun."),
        },
    )
)


def words(event, channel, body, *, language="zh-hans", **fields):
    """A template of an event, with these words."""
    row, _ = NotificationTemplate.objects.update_or_create(
        event=event.code, channel=channel, language=language, defaults={"body": body, "enabled": True, **fields}
    )
    return row


def told(event, member, *, key="1", now=None, **context):
    with transaction.atomic():
        return notify(event=event, member_id=member.pk, context=context, dedupe_key=key, now=now or clock.now())


def parcel(member, *, key="1", number="M1", now=None):
    return told(PARCEL, member, key=key, now=now, number=number, amount=1250)


def offer(member, *, key="1", now=None):
    return told(OFFER, member, key=key, now=now, name="茶叶周")


def credit(member, accepted=1, template=TEMPLATE):
    return SubscribeCredit.objects.create(member=member, template=template, accepted=accepted)


def log(**filters):
    """The delivery log in order: (channel, status, error code)."""
    rows = Delivery.objects.filter(**filters).order_by("pk")
    return list(rows.values_list("channel", "status", "error_code"))
