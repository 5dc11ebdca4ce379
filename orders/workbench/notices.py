"""What members are told of what staff do at the order desk; inside the caller's transaction."""

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
from orders.workbench.models import PriceChange

PRICE_CHANGED = declare(
    NotificationEvent(
        code="order_price_changed",
        label=_("Price of an order changed"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("number", Kind.TEXT, _("order number"), "M26112110300012345678"),
            Field("before", Kind.MONEY, _("payable before"), 12800),
            Field("after", Kind.MONEY, _("payable"), 11800),
            Field("at", Kind.INSTANT, _("time"), SAMPLE_INSTANT),
        ),
        link="pages/order/detail?number={number}",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("The price of your order has changed"),
                body=gettext_noop("Order {number} now costs {after} instead of {before}. You can pay it now."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("character_string1: {number}\namount2: {before}\namount3: {after}\ntime4: {at}")
            ),
        },
    )
)


def tell_price_changed(*, change: PriceChange, now: datetime) -> None:
    order = change.order
    context = {"number": order.number, "before": change.before_fen, "after": change.after_fen, "at": now}
    notify(
        event=PRICE_CHANGED,
        member_id=order.member_id,
        context=context,
        dedupe_key=f"{order.number}:{change.pk}",
        now=now,
    )
