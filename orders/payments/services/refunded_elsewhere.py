"""Somebody gave a payment back in the gateway's own console before the shop knew that it was paid."""

from datetime import datetime

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from orders.checkout.locks import lock_order_by_key
from orders.checkout.models import Order, OrderStatus
from orders.checkout.notes import PAID_BACK_ELSEWHERE
from orders.payments.errors import PaymentNotFound, RefundNotElsewhere
from orders.payments.gateways.base import TradeState, Transaction
from orders.payments.gateways.words import REFUNDED_ELSEWHERE, WORDS
from orders.payments.locks import lock_payment, lock_refund
from orders.payments.models import OPEN_STATUSES, PAYMENT_TRANSITIONS, Payment, PaymentStatus, Refund
from orders.payments.services.confirmation import check_facts
from orders.payments.services.giving_up import give_up
from orders.payments.services.refunding import finish_refund
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.models import Alert
from shop.core.numbers import new_number
from shop.core.state import check_transition
from shop.core.transactions import use_case

LOOK_AT_IT = gettext_noop(
    "Payment {payment} of order {order} was refunded outside the shop: the order gets no goods. See that all of it"
    " went back"
)

CAUSE = "payments.refunded_elsewhere."

log = structlog.get_logger(__name__)


@use_case
def record_refunded_elsewhere(*, transaction: Transaction, actor: Actor, now: datetime) -> Payment:
    """The payment came in and went back, once; the order that waited for it is given up, for goods must not leave.

    The gateway does not say how much went back: people are told to look, and the bill of the day shows it.
    Raises PaymentNotFound, and NotificationMismatch when the facts are not those of the payment.
    """
    known = Payment.objects.filter(number=transaction.number).first()
    if known is None:
        raise PaymentNotFound
    order = lock_order_by_key(order_id=known.order_id)
    payment = lock_payment(number=known.number)
    payment.order = order
    check_facts(payment, transaction, state=TradeState.REFUNDED)
    if payment.status == PaymentStatus.SUCCEEDED:
        return payment
    check_transition(PAYMENT_TRANSITIONS, current=payment.status, target=PaymentStatus.SUCCEEDED)
    # One that was closed was given up before: the order goes on without it.
    waited_for = payment.status in OPEN_STATUSES and order.status == OrderStatus.PENDING_PAYMENT
    refund = _record(payment, transaction, actor=actor, now=now)
    if waited_for:
        give_up(order=order, actor=actor, now=now, note=PAID_BACK_ELSEWHERE, deposit_back=order.waits_for_balance)
    _alert(refund, order, now=now)
    return payment


@use_case
def look_over(*, number: str, note: str, actor: Actor) -> Refund:
    """Somebody has seen that all of it went back, and says how they know. Raises RefundNotElsewhere."""
    refund = lock_refund(number=number)
    if refund.reason != Refund.Reason.ELSEWHERE:
        raise RefundNotElsewhere
    refund.by_hand_reason, refund.by_hand_by = note, str(actor)[:80]
    refund.save(update_fields=["by_hand_reason", "by_hand_by"])
    clear_alert(cause=f"{CAUSE}{refund.payment.number}")
    return refund


def in_doubt(*, method: str) -> list[Refund]:
    """Those of a gateway of which nobody knows yet that all went back."""
    causes = Alert.objects.filter(cause__startswith=CAUSE).values_list("cause", flat=True)
    numbers = [cause.removeprefix(CAUSE) for cause in causes]
    about = Refund.objects.filter(reason=Refund.Reason.ELSEWHERE, payment__number__in=numbers, payment__method=method)
    return list(about.select_related("payment").order_by("pk"))


def is_in_doubt(refund: Refund) -> bool:
    return Alert.objects.filter(cause=f"{CAUSE}{refund.payment.number}").exists()


def no_more_doubt(refund: Refund) -> None:
    """The gateway's bill shows that all of it went back."""
    clear_alert(cause=f"{CAUSE}{refund.payment.number}")


def _record(payment: Payment, transaction: Transaction, *, actor: Actor, now: datetime) -> Refund:
    payment.status, payment.query_at = PaymentStatus.SUCCEEDED, None
    payment.transaction_id = transaction.transaction_id
    payment.gateway_state, payment.gateway_note = transaction.raw_state, REFUNDED_ELSEWHERE
    payment.succeeded_at = transaction.paid_at or now
    payment.refunded_fen = payment.amount_fen
    payment.save()
    with translation.override(settings.LANGUAGE_CODE):
        why = str(WORDS[REFUNDED_ELSEWHERE])
    refund = Refund(
        number=new_number("R", now),
        payment=payment,
        amount_fen=payment.amount_fen,
        reason=Refund.Reason.ELSEWHERE,
        created_at=now,
        by_hand_reason=why,
        by_hand_by=str(actor)[:80],
    )
    finish_refund(refund=refund, succeeded_at=now, now=now)
    return refund


def _alert(refund: Refund, order: Order, *, now: datetime) -> None:
    payment = refund.payment
    log.error("payment_refunded_elsewhere", payment=payment.number, order=order.number)
    raise_alert(
        cause=f"{CAUSE}{payment.number}",
        message=LOOK_AT_IT,
        data={"payment": payment.number, "order": order.number},
        link=reverse("admin:payments_refund_change", args=[refund.pk]),
        permission="payments.view_refund",
        now=now,
    )
