"""Asking the gateway about a payment when no notification came."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from orders.payments.errors import GATEWAY_ERRORS, PaymentNotFound
from orders.payments.gateways.base import TradeState, Transaction
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import OPEN_STATUSES, Payment, PaymentMethod, PaymentStatus
from orders.payments.services.confirmation import confirm_payment
from orders.payments.services.refunded_elsewhere import record_refunded_elsewhere
from orders.payments.services.sweeping import sweep
from shop.core.actors import Actor

FIRST_QUERY_AFTER = timedelta(seconds=15)
ASK_AGAIN_AFTER = timedelta(seconds=3)
LONGEST_PAUSE = timedelta(minutes=5)

log = structlog.get_logger(__name__)


def ask_if_waiting(*, payment: Payment, now: datetime) -> Payment:
    """The payment as it is now, asking the gateway when it has been waiting for some seconds.

    For the member who watches; a gateway that does not answer, or is switched off, changes nothing.
    """
    if not _claim(payment.pk, now=now):
        return payment
    try:
        return refresh_payment(number=payment.number, actor=Actor.gateway(payment.method), now=now)
    except GATEWAY_ERRORS as error:
        log.warning("payment_not_refreshed", payment=payment.number, error=error.code)
        return payment


def ask_due(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Ask about every payment whose time has come; returns how many were asked, confirmed and failed."""
    due = Payment.objects.filter(status=PaymentStatus.PENDING, query_at__lte=now).order_by("query_at")
    effect = {"asked": 0, "confirmed": 0, "failed": 0}

    def ask(payment: Payment) -> None:
        if not _claim(payment.pk, now=now):
            return
        effect["asked"] += 1
        try:
            refreshed = refresh_payment(number=payment.number, actor=Actor.system("payments.ask_gateway"), now=now)
        except GATEWAY_ERRORS as error:
            postpone(payment, note=error.code, now=now)
            raise
        effect["confirmed"] += refreshed.status == PaymentStatus.SUCCEEDED

    effect["failed"] = sweep(due, ask, by="method", limit=limit, now=now)
    return effect


def refresh_payment(*, number: str, actor: Actor, now: datetime) -> Payment:
    """Ask the gateway and apply what it says; never called inside a transaction.

    Raises one of GATEWAY_ERRORS: NotificationMismatch when its facts are not ours.
    """
    payment = Payment.objects.select_related("order").get(number=number)
    if payment.method == PaymentMethod.BALANCE_FREE:
        return payment
    transaction = gateway_for(payment.method).query(number=number)
    return apply_transaction(payment=payment, transaction=transaction, actor=actor, now=now)


def take_notice(*, transaction: Transaction, actor: Actor, now: datetime) -> Payment:
    """What a gateway tells of its own accord: that a payment was closed, else it must be that it was paid.

    Raises PaymentNotFound and NotificationMismatch.
    """
    if transaction.state != TradeState.CLOSED:
        return confirm_payment(transaction=transaction, actor=actor, now=now)
    payment = Payment.objects.filter(number=transaction.number).first()
    if payment is None:
        raise PaymentNotFound
    return apply_transaction(payment=payment, transaction=transaction, actor=actor, now=now)


def apply_transaction(*, payment: Payment, transaction: Transaction, actor: Actor, now: datetime) -> Payment:
    """Bring the payment to what the gateway has just answered."""
    if payment.status == PaymentStatus.SUCCEEDED:
        Payment.objects.filter(pk=payment.pk).update(gateway_state=transaction.raw_state, asked_at=now)
    elif transaction.state == TradeState.PAID:
        return confirm_payment(transaction=transaction, actor=actor, now=now)
    elif transaction.state == TradeState.REFUNDED:
        return record_refunded_elsewhere(transaction=transaction, actor=actor, now=now)
    elif transaction.state == TradeState.CLOSED:
        mark_closed(payment=payment, raw_state=transaction.raw_state, now=now)
    else:
        postpone(payment, raw_state=transaction.raw_state, now=now)
    payment.refresh_from_db()
    return payment


def mark_closed(*, payment: Payment, raw_state: str, now: datetime, look_again_at: datetime | None = None) -> None:
    """Nobody waits for it any more; one that was paid meanwhile stays paid."""
    Payment.objects.filter(pk=payment.pk, status__in=OPEN_STATUSES).update(
        status=PaymentStatus.CLOSED, gateway_state=raw_state, closed_at=now, asked_at=now, query_at=look_again_at
    )


def postpone(payment: Payment, *, now: datetime, raw_state: str | None = None, note: str = "") -> None:
    """Ask again later: after half its age, at most every few minutes. With a `note` of what went wrong."""
    pause = min(max((now - payment.created_at) / 2, FIRST_QUERY_AFTER), LONGEST_PAUSE)
    Payment.objects.filter(pk=payment.pk, status__in=OPEN_STATUSES).update(
        query_at=now + pause, gateway_note=note, **({} if raw_state is None else {"gateway_state": raw_state})
    )


def _claim(payment_id: int, *, now: datetime) -> bool:
    """Take the right to ask now: one question every few seconds, whoever asks, however many at once."""
    return bool(
        Payment.objects.filter(pk=payment_id, status=PaymentStatus.PENDING)
        .filter(Q(asked_at__isnull=True) | Q(asked_at__lte=now - ASK_AGAIN_AFTER))
        .update(asked_at=now)
    )
