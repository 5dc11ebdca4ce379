"""What members are told about their orders.

Orders tell, because members know nothing of orders: each function looks up who is concerned and calls down, inside the
caller's transaction. Told twice, a member hears once.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from logistics.shipments.models import Shipment
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
from orders.checkout.models import Order
from shop.core.prepared import Prepared

# Written out, because every payment asks.
_GOODS = Prepared(
    "goods_of_order",
    """
SELECT told.member_id, line.product_name
FROM checkout_order told JOIN checkout_orderline line ON line.order_id = told.id
WHERE told.number = %s ORDER BY line.position LIMIT 2
""",
)
_ORDER = Field("number", Kind.TEXT, _("order number"), "M26112110300012345678")
_PARCEL = (
    _ORDER,
    Field("carrier", Kind.TEXT, _("carrier"), "SF Express"),
    Field("tracking_number", Kind.TEXT, _("tracking number"), "SF1234567890"),
    Field("at", Kind.INSTANT, _("time"), SAMPLE_INSTANT),
)
_PAGE = "pages/order/detail?number={number}"

ORDER_PAID = declare(
    NotificationEvent(
        code="order_paid",
        label=_("Order paid"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            _ORDER,
            Field("goods", Kind.TEXT, _("goods"), "West Lake Longjing, 250 g"),
            Field("amount", Kind.MONEY, _("amount"), 12800),
            Field("at", Kind.INSTANT, _("time"), SAMPLE_INSTANT),
        ),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your order is paid"),
                body=gettext_noop("We have received {amount} for {goods} and are packing order {number}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("character_string1: {number}\nthing2: {goods}\namount3: {amount}\ntime4: {at}")
            ),
        },
    )
)

ORDER_SHIPPED = declare(
    NotificationEvent(
        code="order_shipped",
        label=_("Parcel shipped"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=_PARCEL,
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your parcel is on its way"),
                body=gettext_noop("Order {number} was handed to {carrier}, tracking number {tracking_number}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop(
                    "character_string1: {number}\nthing2: {carrier}\ncharacter_string3: {tracking_number}\ntime4: {at}"
                )
            ),
            Channel.SMS: Text(body=gettext_noop("Order {number} is on its way: {carrier} {tracking_number}.")),
        },
    )
)

ORDER_DELIVERED = declare(
    NotificationEvent(
        code="order_delivered",
        label=_("Parcel delivered"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=_PARCEL,
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your parcel has arrived"),
                body=gettext_noop("{carrier} delivered parcel {tracking_number} of order {number} at {at}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop(
                    "character_string1: {number}\nthing2: {carrier}\ncharacter_string3: {tracking_number}\ntime4: {at}"
                )
            ),
        },
    )
)

REFUND_DONE = declare(
    NotificationEvent(
        code="refund_done",
        label=_("Refund done"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=(
            _ORDER,
            Field("amount", Kind.MONEY, _("amount"), 12800),
            Field("at", Kind.INSTANT, _("time"), SAMPLE_INSTANT),
        ),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your refund is done"),
                body=gettext_noop("{amount} of order {number} went back to the account that you paid with."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("character_string1: {number}\namount2: {amount}\ntime3: {at}")),
            Channel.SMS: Text(body=gettext_noop("{amount} of order {number} has been refunded to you.")),
        },
    )
)


def tell_order_paid(*, order_number: str, amount_fen: int, now: datetime) -> None:
    (member_id, first), *more = _GOODS.run([order_number])
    context = {"number": order_number, "goods": first + ("…" if more else ""), "amount": amount_fen, "at": now}
    notify(event=ORDER_PAID, member_id=member_id, context=context, dedupe_key=order_number, now=now)


def tell_shipped(*, shipment_number: str, now: datetime) -> None:
    _tell_of_parcel(ORDER_SHIPPED, shipment_number, now)


def tell_delivered(*, shipment_number: str, now: datetime) -> None:
    """Who fetches an order hears when all of it lies in the store, from `orders.verification`."""
    number = Shipment.objects.values_list("order_number", flat=True).get(number=shipment_number)
    if Order.objects.filter(number=number).exclude(pickup_store=None).exists():
        return
    _tell_of_parcel(ORDER_DELIVERED, shipment_number, now)


def tell_refunded(*, refund_number: str, order_number: str, amount_fen: int, now: datetime) -> None:
    member_id = Order.objects.values_list("member_id", flat=True).get(number=order_number)
    context = {"number": order_number, "amount": amount_fen, "at": now}
    notify(event=REFUND_DONE, member_id=member_id, context=context, dedupe_key=refund_number, now=now)


def _tell_of_parcel(event: NotificationEvent, shipment_number: str, now: datetime) -> None:
    parcel = Shipment.objects.select_related("carrier").get(number=shipment_number)
    member_id = Order.objects.values_list("member_id", flat=True).filter(number=parcel.order_number).first()
    if member_id is None:
        return
    context = {
        "number": parcel.order_number,
        "carrier": parcel.carrier.name if parcel.carrier else "",
        "tracking_number": parcel.tracking_number,
        "at": now,
    }
    notify(event=event, member_id=member_id, context=context, dedupe_key=shipment_number, now=now)
