"""What members hear of goods that wait in a store. They are told the place and the day, never the code."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import (
    SAMPLE_INSTANT,
    Category,
    Channel,
    Field,
    Kind,
    NotificationEvent,
    Text,
    declare,
)
from members.notifications.services import notify
from orders.verification.models import Pickup

_FIELDS = (
    Field("number", Kind.TEXT, _("order number"), "M26112110300012345678"),
    Field("store", Kind.TEXT, _("store"), "Wulin Store"),
    Field("fetch_by", Kind.INSTANT, _("to be fetched by"), SAMPLE_INSTANT),
)
_PAGE = "pages/order/detail?number={number}"
_SUBSCRIBE = Text(body=gettext_noop("character_string1: {number}\nthing2: {store}\ntime3: {fetch_by}"))

PICKUP_READY = declare(
    NotificationEvent(
        code="pickup_ready",
        label=_("Goods can be fetched"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=_FIELDS,
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your order is ready to be fetched"),
                body=gettext_noop(
                    "Order {number} waits for you in {store} until {fetch_by}. Show the pickup code of the order there."
                ),
            ),
            Channel.SUBSCRIBE: _SUBSCRIBE,
            Channel.SMS: Text(body=gettext_noop("Order {number} waits for you in {store} until {fetch_by}.")),
        },
    )
)

PICKUP_SOON_OVER = declare(
    NotificationEvent(
        code="pickup_soon_over",
        label=_("Goods are still to be fetched"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=_FIELDS,
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your order still waits in the store"),
                body=gettext_noop("Please fetch order {number} from {store} by {fetch_by}."),
            ),
            Channel.SUBSCRIBE: _SUBSCRIBE,
            Channel.SMS: Text(body=gettext_noop("Please fetch order {number} from {store} by {fetch_by}.")),
        },
    )
)

PICKUP_OVERDUE = declare(
    NotificationEvent(
        code="pickup_overdue",
        label=_("Goods were not fetched in time"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=_FIELDS,
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your order was not fetched in time"),
                body=gettext_noop(
                    "Order {number} was to be fetched from {store} by {fetch_by}. It is still yours: the store will "
                    "call you."
                ),
            ),
            Channel.SUBSCRIBE: _SUBSCRIBE,
            Channel.SMS: Text(
                body=gettext_noop("Order {number} is still in {store}. Please fetch it, or ask us for your money back.")
            ),
        },
    )
)


def tell_ready(*, pickup: Pickup, now: datetime) -> None:
    _tell(PICKUP_READY, pickup, now)


def tell_soon_over(*, pickup: Pickup, now: datetime) -> None:
    _tell(PICKUP_SOON_OVER, pickup, now)


def tell_overdue(*, pickup: Pickup, now: datetime) -> None:
    _tell(PICKUP_OVERDUE, pickup, now)


def _tell(event: NotificationEvent, pickup: Pickup, now: datetime) -> None:
    order = pickup.order
    context = {"number": order.number, "store": pickup.store.name, "fetch_by": pickup.fetch_by}
    # Told again when the goods are kept longer, which changes the day.
    key = f"{order.number}:{pickup.fetch_by.isoformat()}"
    notify(event=event, member_id=order.member_id, context=context, dedupe_key=key, now=now)
