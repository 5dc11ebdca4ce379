"""An unpaid order is given up: first closed at the gateway, then released here, so that nobody pays for nothing."""

from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef

from orders.checkout.errors import OrderNotCancellable
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.cancellation import cancel_unpaid
from orders.payments.gateways.base import CloseResult
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import OPEN_STATUSES, Payment
from orders.payments.services.asking import MAX_FAILURES, mark_closed, refresh_payment
from shop.core.actors import Actor
from shop.core.errors import Busy, DomainError
from shop.core.transactions import use_case

MAX_ROUNDS = 3

log = structlog.get_logger(__name__)


def close_unpaid_order(
    *, number: str, actor: Actor, now: datetime, member_id: int | None = None, note: str = ""
) -> Order:
    """Cancel an unpaid order after closing its open payment at the gateway; cancelled already, it stays so.

    Talks to the gateway, so it is never called inside a transaction. A payment that turns out to be paid is confirmed
    instead. Raises OrderNotFound, OrderNotCancellable, PaymentGatewayUnavailable.
    """
    for _round in range(MAX_ROUNDS):
        open_payments = Payment.objects.filter(order__number=number, status__in=OPEN_STATUSES)
        if member_id is not None:
            open_payments = open_payments.filter(order__member_id=member_id)
        for payment_number in open_payments.values_list("number", flat=True):
            close_payment(number=payment_number, actor=actor, now=now)
        order = _cancel_if_closed(number=number, member_id=member_id, actor=actor, now=now, note=note)
        if order is not None:
            return order
    raise Busy(retry_after=1)


def close_payment(*, number: str, actor: Actor, now: datetime) -> None:
    """Close one payment at the gateway and here; when it was paid, confirm it instead."""
    payment = Payment.objects.get(number=number)
    if gateway_for(payment.method).close(number=number) == CloseResult.PAID:
        refresh_payment(number=number, actor=actor, now=now)
    else:
        mark_closed(payment=payment, raw_state="CLOSED", now=now)


def expire_unpaid_orders(*, now: datetime, limit: int = 500) -> dict[str, int]:
    """Cancel what was not paid in time; returns how many were cancelled, found paid, and must be tried again."""
    has_open = Exists(Payment.objects.filter(order=OuterRef("pk"), status__in=OPEN_STATUSES))
    due = Order.objects.filter(status=OrderStatus.PENDING_PAYMENT, expires_at__lte=now).annotate(has_open=has_open)
    effect = {"cancelled": 0, "paid": 0, "failed": 0}
    # Those that need no gateway go first: a gateway out of order must not hold back their stock.
    for number, needs_gateway in due.order_by("has_open", "expires_at").values_list("number", "has_open")[:limit]:
        if needs_gateway and effect["failed"] >= MAX_FAILURES:
            break
        effect[_expire(number=number, now=now)] += 1
    return effect


def _expire(*, number: str, now: datetime) -> str:
    try:
        close_unpaid_order(number=number, actor=Actor.system("payments.expire_orders"), now=now, note="expired")
    except OrderNotCancellable:
        return "paid"
    except DomainError as error:
        log.warning("order_not_expired", order=number, error=error.code)
        return "failed"
    return "cancelled"


@use_case
def _cancel_if_closed(*, number: str, member_id: int | None, actor: Actor, now: datetime, note: str) -> Order | None:
    """Cancel, unless a payment was opened since: then None."""
    order = lock_order(number=number, member_id=member_id)
    if order.status == OrderStatus.CANCELLED:
        return order
    if Payment.objects.filter(order=order, status__in=OPEN_STATUSES).exists():
        return None
    cancel_unpaid(order=order, actor=actor, now=now, note=note)
    return order
