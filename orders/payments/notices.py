"""What members are told about an order that is paid in two parts, at each of its turns."""

from datetime import datetime
from typing import Any

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
from orders.checkout.models import Deposit, Order

_ORDER = Field("number", Kind.TEXT, _("order number"), "D26112110300012345678")
_DEPOSIT = Field("deposit", Kind.MONEY, _("deposit"), 1000)
_BALANCE = Field("balance", Kind.MONEY, _("balance"), 7800)
_FROM = Field("from", Kind.INSTANT, _("balance from"), SAMPLE_INSTANT)
_UNTIL = Field("until", Kind.INSTANT, _("balance before"), SAMPLE_INSTANT)
_PAGE = "pages/order/detail?number={number}"
_ROUTES = ((Channel.IN_APP,), (Channel.SUBSCRIBE,))
# Money is at stake: who does not read WeChat's message gets a text.
_URGENT = ((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS))

DEPOSIT_PAID = declare(
    NotificationEvent(
        code="deposit_paid",
        label=_("Deposit paid"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_ORDER, _DEPOSIT, _BALANCE, _FROM, _UNTIL),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your deposit is paid"),
                body=gettext_noop(
                    "We have received {deposit} for order {number}. Pay the balance of {balance} from {from} on,"
                    " before {until}."
                ),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("character_string1: {number}\namount2: {deposit}\namount3: {balance}\ntime4: {from}")
            ),
        },
    )
)

BALANCE_DUE = declare(
    NotificationEvent(
        code="balance_due",
        label=_("Balance can be paid"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_ORDER, _BALANCE, _UNTIL),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Pay the balance of your order"),
                body=gettext_noop("The balance of {balance} of order {number} can be paid now, before {until}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("character_string1: {number}\namount2: {balance}\ntime3: {until}")
            ),
        },
    )
)

BALANCE_LAST_DAY = declare(
    NotificationEvent(
        code="balance_last_day",
        label=_("Last day to pay a balance"),
        category=Category.TRANSACTIONAL,
        routes=_URGENT,
        fields=(_ORDER, _BALANCE, _UNTIL),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Last day to pay the balance of your order"),
                body=gettext_noop("Order {number} is closed at {until} unless its balance of {balance} is paid."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("character_string1: {number}\namount2: {balance}\ntime3: {until}")
            ),
            Channel.SMS: Text(body=gettext_noop("The balance of {balance} of order {number} is due before {until}.")),
        },
    )
)

DEPOSIT_KEPT = declare(
    NotificationEvent(
        code="deposit_kept",
        label=_("Deposit kept"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_ORDER, _DEPOSIT),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your order was closed without its balance"),
                body=gettext_noop("As agreed on, the deposit of {deposit} of order {number} does not come back."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("character_string1: {number}\namount2: {deposit}")),
        },
    )
)

DEPOSIT_RETURNED = declare(
    NotificationEvent(
        code="deposit_returned",
        label=_("Deposit given back"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_ORDER, _DEPOSIT),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your deposit is on its way back"),
                body=gettext_noop("Order {number} was closed; its deposit of {deposit} goes back to you."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("character_string1: {number}\namount2: {deposit}")),
        },
    )
)


def tell_deposit_paid(*, order_number: str, now: datetime) -> None:
    deposit = Deposit.objects.select_related("order").get(order__number=order_number)
    _tell(
        DEPOSIT_PAID,
        deposit.order,
        now,
        deposit=deposit.order.deposit_fen,
        balance=deposit.order.balance_fen,
        until=deposit.balance_until,
        **{"from": deposit.balance_from},
    )


def tell_balance_due(*, deposit: Deposit, is_last_day: bool, now: datetime) -> None:
    event = BALANCE_LAST_DAY if is_last_day else BALANCE_DUE
    _tell(event, deposit.order, now, balance=deposit.order.balance_fen, until=deposit.balance_until)


def tell_deposit_ended(*, order_number: str, is_returned: bool, now: datetime) -> None:
    order = Order.objects.get(number=order_number)
    _tell(DEPOSIT_RETURNED if is_returned else DEPOSIT_KEPT, order, now, deposit=order.deposit_fen)


def _tell(event: NotificationEvent, order: Order, now: datetime, **told: Any) -> None:
    """Inside the caller's transaction; told twice, a member hears once."""
    context = {"number": order.number, **told}
    notify(event=event, member_id=order.member_id, context=context, dedupe_key=order.number, now=now)
