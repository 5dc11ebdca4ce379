"""Staff change the price of an unpaid order: the open payment is closed at its gateway first, then the price changes.

So nobody pays the old price for the new order. A payment that turns out to be paid meanwhile wins: the order is paid
and its price stays. Large reductions wait for a second person.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from orders.checkout.facts import NothingToPay
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderEvent, OrderLine, OrderStatus
from orders.payments.models import OPEN_STATUSES, Payment
from orders.payments.services.closing import close_payment
from orders.workbench.errors import (
    PriceBelowDeposit,
    PriceChangeDecided,
    PriceChangeOvertaken,
    PriceNotChangeable,
    SecondPersonDecides,
)
from orders.workbench.models import PriceChange
from orders.workbench.notices import tell_price_changed
from orders.workbench.preferences import PRICE_CHANGE_ALONE
from orders.workbench.repricing import StaffPrice, lowered_by, own_price, reprice
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.errors import Busy
from shop.core.money import yuan
from shop.core.outbox import publish
from shop.core.prepared import Prepared, columns
from shop.core.transactions import use_case

MAX_ROUNDS = 3
# Written out, because every payment asks.
_LAPSE = Prepared(
    "lapse_price_change",
    f"""
UPDATE workbench_pricechange change SET status = 'lapsed', decided_at = %s
FROM checkout_order changed WHERE changed.number = %s AND change.order_id = changed.id AND change.status = 'waiting'
RETURNING {columns(PriceChange, "change")}
""",
)
Status = PriceChange.Status


def ask_price(
    *, number: str, taken_off: Mapping[int, int], freight_fen: int, reason: str, actor: Actor, now: datetime
) -> PriceChange:
    """Change the price at once, or ask for it where it gives away more than one person may.

    Talks to the gateway, so it is never called inside a transaction. Raises OrderNotFound, PriceNotChangeable,
    PriceBelowZero, PriceBelowDeposit, PriceUnchanged, PaymentGatewayUnavailable.
    """
    price = StaffPrice({position: fen for position, fen in taken_off.items() if fen}, freight_fen)
    change = _write_request(number=number, price=price, reason=reason, actor=actor, now=now)
    return change if change.status == Status.WAITING else _apply(change, actor=actor, now=now)


def decide_price(*, change_id: int, approve: bool, actor: Actor, now: datetime) -> PriceChange:
    """Raises PriceChangeDecided, SecondPersonDecides, PriceChangeOvertaken, and what `ask_price` raises."""
    change = PriceChange.objects.select_related("order").get(pk=change_id)
    _check_decidable(change, actor)
    if not approve:
        return _decline(change_id=change_id, actor=actor, now=now)
    return _apply(change, actor=actor, now=now)


def _apply(change: PriceChange, *, actor: Actor, now: datetime) -> PriceChange:
    for _round in range(MAX_ROUNDS):
        open_payments = Payment.objects.filter(order=change.order_id, status__in=OPEN_STATUSES)
        for number in open_payments.values_list("number", flat=True):
            close_payment(number=number, actor=actor, now=now)
        if _apply_if_closed(change=change, actor=actor, now=now):
            return change
    raise Busy(retry_after=1)


@use_case
def _write_request(*, number: str, price: StaffPrice, reason: str, actor: Actor, now: datetime) -> PriceChange:
    """The change as it is asked for, tried on the order; kept only where it waits for somebody else."""
    order, lines = _unpaid(number)
    before, lowered = order.payable_fen, lowered_by(own_price(order, lines), price)
    reprice(order, lines, price, label="")
    _check_deposit(order)
    change = PriceChange(
        order=order,
        status=Status.APPLIED,
        taken_off={str(position): fen for position, fen in sorted(price.taken_off.items())},
        freight_fen=price.freight_fen,
        reason=reason[:200],
        before_fen=before,
        after_fen=order.payable_fen,
        asked_by=str(actor)[:80],
        asked_at=now,
    )
    if lowered > PRICE_CHANGE_ALONE.value() * 100:
        PriceChange.objects.filter(order=order, status=Status.WAITING).update(status=Status.LAPSED, decided_at=now)
        change.status = Status.WAITING
        change.save()
        _remind(change, now)
    return change


@use_case
def _apply_if_closed(*, change: PriceChange, actor: Actor, now: datetime) -> bool:
    """Change the price, unless a payment was opened since: then False."""
    order, lines = _unpaid(change.order.number)
    if change.pk is not None:
        waiting = PriceChange.objects.select_for_update(no_key=True).get(pk=change.pk)
        _check_decidable(waiting, actor)
        change.decided_by, change.decided_at = str(actor)[:80], now
    if order.payable_fen != change.before_fen:
        raise PriceChangeOvertaken
    if Payment.objects.filter(order=order, status__in=OPEN_STATUSES).exists():
        return False
    price = StaffPrice({int(position): fen for position, fen in change.taken_off.items()}, change.freight_fen)
    with translation.override(settings.LANGUAGE_CODE):
        reprice(order, lines, price, label=gettext("Price changed by the shop"))
    _check_deposit(order)
    order.save(update_fields=["discount_fen", "freight_fen", "payable_fen", "adjustments", "freight_adjustments"])
    OrderLine.objects.bulk_update(lines, ["payable_fen", "adjustments"])
    change.order, change.status = order, Status.APPLIED
    change.save()
    clear_alert(cause=_cause(change))
    told = f"{yuan(change.before_fen)} → {yuan(change.after_fen)} {change.reason}"
    OrderEvent.objects.create(order=order, status=order.status, actor=str(actor)[:80], note=told[:200], happened_at=now)
    tell_price_changed(change=change, now=now)
    if not order.payable_fen:
        publish(NothingToPay(number=order.number, at=now))
    return True


@use_case
def _decline(*, change_id: int, actor: Actor, now: datetime) -> PriceChange:
    change = PriceChange.objects.select_for_update(no_key=True).get(pk=change_id)
    _check_decidable(change, actor)
    change.status, change.decided_by, change.decided_at = Status.DECLINED, str(actor)[:80], now
    change.save(update_fields=["status", "decided_by", "decided_at"])
    clear_alert(cause=_cause(change))
    return change


def drop_price_change(*, order_number: str, now: datetime) -> None:
    """The order is paid or cancelled, so that nothing is left to decide; inside the caller's transaction."""
    for change in _LAPSE.all(PriceChange, [now, order_number]):
        clear_alert(cause=_cause(change))


def _unpaid(number: str) -> tuple[Order, list[OrderLine]]:
    order = lock_order(number=number)
    if order.status != OrderStatus.PENDING_PAYMENT:
        raise PriceNotChangeable
    return order, list(order.lines.all())


def _check_deposit(order: Order) -> None:
    """It is part of what the goods cost, and something is left to pay after it."""
    if order.deposit_fen and not (
        order.deposit_fen < order.payable_fen and order.deposit_fen <= order.goods_fen - order.discount_fen
    ):
        raise PriceBelowDeposit(deposit=yuan(order.deposit_fen))


def _check_decidable(change: PriceChange, actor: Actor) -> None:
    if change.status != Status.WAITING:
        raise PriceChangeDecided
    if change.asked_by == str(actor)[:80]:
        raise SecondPersonDecides


def _remind(change: PriceChange, now: datetime) -> None:
    raise_alert(
        cause=_cause(change),
        message=gettext_noop("The price of order {number} waits for approval: {before} → {after}"),
        data={"number": change.order.number, "before": yuan(change.before_fen), "after": yuan(change.after_fen)},
        link=reverse("admin:workbench_pricechange_change", args=[change.pk]),
        permission="workbench.change_pricechange",
        now=now,
    )


def _cause(change: PriceChange) -> str:
    return f"workbench.price.{change.order_id}"
