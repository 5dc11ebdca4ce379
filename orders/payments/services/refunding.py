"""Money goes back: sent under one number until the gateway has it, then watched until the payer has it.

Always: what goes back of a payment is counted on it before anything is sent, and never exceeds what it brought.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from orders.checkout.models import Order
from orders.payments.errors import NotificationMismatch, PaymentNotFound, PaymentRefused, RefundExceedsPayment
from orders.payments.facts import RefundRequested, RefundSucceeded
from orders.payments.gateways.base import GatewayRefund, GatewayRefundState, RefundMoved, RefundRequest
from orders.payments.gateways.registry import gateway_for, refund_notify_url
from orders.payments.gateways.words import in_shop_language
from orders.payments.locks import lock_refund
from orders.payments.models import REFUND_TRANSITIONS, Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services.sweeping import sweep
from shop.core.alerts import clear_alert, raise_alert
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

# The outbox sends a refund at once; the job looks after it from then on.
FIRST_QUERY_AFTER = timedelta(minutes=1)
NEXT_QUERY_AFTER = timedelta(minutes=1)
ABNORMAL_QUERY_AFTER = timedelta(hours=1)
ABNORMAL_MESSAGE = gettext_noop("Refund {number} did not reach the payer: {note}")
DOUBLE_MESSAGE = gettext_noop("Refund {number} was paid by hand, and by the payment service as well")

STATUS_OF = {
    GatewayRefundState.PROCESSING: RefundStatus.PROCESSING,
    GatewayRefundState.SUCCEEDED: RefundStatus.SUCCEEDED,
    GatewayRefundState.ABNORMAL: RefundStatus.ABNORMAL,
}

log = structlog.get_logger(__name__)


def request_refund(
    *, order: Order, amount_fen: int, reason: Refund.Reason, reference: str, now: datetime
) -> list[Refund]:
    """Give so much of what settled the locked order back, the latest payment first; inside the caller's transaction.

    Once for each reference: asked again, the same refunds. Raises RefundExceedsPayment when less than that is left.
    """
    if amount_fen <= 0 or not reference:
        raise ValueError("a refund is of something, and for something")
    known = list(Refund.objects.filter(payment__order=order, reference=reference).order_by("pk"))
    if known:
        return known
    settling = Payment.objects.filter(order=order, settles_order=True, status=PaymentStatus.SUCCEEDED)
    refunds, left = list[Refund](), amount_fen
    for payment in settling.order_by("-pk"):
        part = min(left, payment.amount_fen - payment.refunded_fen)
        if part:
            refunds.append(
                refund_payment(payment=payment, amount_fen=part, reason=reason, reference=reference, now=now)
            )
            left -= part
    if left:
        raise RefundExceedsPayment(left_fen=amount_fen - left)
    return refunds


def refund_payment(
    *, payment: Payment, amount_fen: int, reason: Refund.Reason, now: datetime, reference: str = ""
) -> Refund:
    """Give so much of a payment that succeeded back; inside the caller's transaction. Raises RefundExceedsPayment."""
    left = Payment.objects.filter(pk=payment.pk, refunded_fen__lte=F("amount_fen") - amount_fen)
    if not left.update(refunded_fen=F("refunded_fen") + amount_fen):
        raise RefundExceedsPayment(left_fen=payment.amount_fen - payment.refunded_fen)
    refund = Refund.objects.create(
        number=new_number("R", now),
        payment=payment,
        amount_fen=amount_fen,
        reason=reason,
        reference=reference,
        created_at=now,
        query_at=now + FIRST_QUERY_AFTER,
    )
    publish(RefundRequested(number=refund.number, at=now))
    return refund


def send_refund(*, number: str, now: datetime) -> Refund:
    """Hand the refund to the gateway; safe to repeat, it pays back once per number.

    Never called inside a transaction. Raises PaymentGatewayUnavailable and PaymentRefused; the refund then stays to
    be sent, and the reason is kept for people to see.
    """
    refund = Refund.objects.select_related("payment").get(number=number)
    if refund.status == RefundStatus.SUCCEEDED:
        return refund
    try:
        told = gateway_for(refund.payment.method).refund(_refund_request(refund))
    except PaymentRefused as refusal:
        _note(refund, note=f"{refusal.data['gateway_code']} {refusal.data['gateway_message']}", now=now)
        raise
    return record_refund(told=told, now=now)


def refresh_refund(*, number: str, now: datetime) -> Refund:
    """Ask the gateway how the refund is; one that it has never heard of is sent."""
    refund = Refund.objects.select_related("payment").get(number=number)
    told = gateway_for(refund.payment.method).query_refund(number=number, payment_number=refund.payment.number)
    return send_refund(number=number, now=now) if told is None else record_refund(told=told, now=now)


def expect_refund(*, moved: RefundMoved, now: datetime) -> None:
    """Ask about the refund in the next run; of one that was not made here only the books can tell.

    Raises PaymentNotFound for a payment that is not ours.
    """
    refunds = Refund.objects.filter(number=moved.number, payment__number=moved.payment_number)
    if refunds.exclude(status=RefundStatus.SUCCEEDED).update(query_at=now) or refunds.exists():
        return
    if not Payment.objects.filter(number=moved.payment_number).exists():
        raise PaymentNotFound
    log.error("payment_refunded_elsewhere", payment=moved.payment_number)


def refresh_due_refunds(*, now: datetime, limit: int = 100) -> dict[str, int]:
    """Ask about every refund whose time has come; returns how many were asked, succeeded and failed."""
    due = Refund.objects.exclude(status=RefundStatus.SUCCEEDED).filter(query_at__lte=now).order_by("query_at")
    effect = {"asked": 0, "succeeded": 0, "failed": 0}

    def ask(refund: Refund) -> None:
        effect["asked"] += 1
        # Put off first: whatever happens, the next run asks about others too.
        Refund.objects.filter(pk=refund.pk).update(asked_at=now, query_at=now + NEXT_QUERY_AFTER)
        effect["succeeded"] += refresh_refund(number=refund.number, now=now).status == RefundStatus.SUCCEEDED

    effect["failed"] = sweep(due, ask, by="payment__method", limit=limit, now=now)
    return effect


@use_case
def record_refund(*, told: GatewayRefund, now: datetime) -> Refund:
    """Apply what the gateway says about a refund, once. Raises PaymentNotFound and NotificationMismatch."""
    refund = lock_refund(number=told.number)
    _check_facts(refund, told)
    status = STATUS_OF[told.state]
    if refund.status == RefundStatus.SUCCEEDED:
        if refund.by_hand_reason and status == RefundStatus.SUCCEEDED:
            _warn_of_double(refund, now=now)
        return refund
    if status != refund.status:
        check_transition(REFUND_TRANSITIONS, current=refund.status, target=status)
    abnormal = status == RefundStatus.ABNORMAL
    refund.status = status
    refund.gateway_refund_id = told.refund_id
    refund.gateway_note = told.raw_state if abnormal else ""
    refund.asked_at = now
    refund.query_at = now + (ABNORMAL_QUERY_AFTER if abnormal else NEXT_QUERY_AFTER)
    if status == RefundStatus.SUCCEEDED:
        finish_refund(refund=refund, succeeded_at=told.succeeded_at or now, now=now)
    else:
        refund.save()
        _alert(refund, now=now)
    return refund


def finish_refund(*, refund: Refund, succeeded_at: datetime, now: datetime) -> None:
    """The payer has the money: save the locked refund so, and tell; inside the caller's transaction."""
    refund.status, refund.gateway_note = RefundStatus.SUCCEEDED, ""
    refund.succeeded_at, refund.query_at = succeeded_at, None
    publish(_succeeded(refund, now=now))
    refund.save()
    _alert(refund, now=now)


def _succeeded(refund: Refund, *, now: datetime) -> RefundSucceeded:
    return RefundSucceeded(
        number=refund.number,
        payment_number=refund.payment.number,
        order_number=refund.payment.order.number,
        amount_fen=refund.amount_fen,
        reference=refund.reference,
        at=now,
    )


def _check_facts(refund: Refund, told: GatewayRefund) -> None:
    expected = (refund.payment.number, refund.amount_fen, refund.payment.amount_fen)
    if (told.payment_number, told.amount_fen, told.payment_amount_fen) != expected:
        log.error("refund_mismatch", refund=refund.number, told=told)
        raise NotificationMismatch(wrong=["refund"])


def _refund_request(refund: Refund) -> RefundRequest:
    # The gateway takes a repeated number only with the very same words, so they follow no reader's language.
    with translation.override(settings.LANGUAGE_CODE):
        reason = str(Refund.Reason(refund.reason).label)
    return RefundRequest(
        number=refund.number,
        payment_number=refund.payment.number,
        amount_fen=refund.amount_fen,
        payment_amount_fen=refund.payment.amount_fen,
        reason=reason,
        notify_url=refund_notify_url(refund.payment.method),
    )


def _note(refund: Refund, *, note: str, now: datetime) -> None:
    Refund.objects.filter(pk=refund.pk).exclude(status=RefundStatus.SUCCEEDED).update(
        gateway_note=note[:200], asked_at=now, query_at=now + NEXT_QUERY_AFTER
    )
    refund.gateway_note = note[:200]
    _alert(refund, now=now)


def _warn_of_double(refund: Refund, *, now: datetime) -> None:
    raise_alert(
        cause=f"payments.refund_twice.{refund.number}",
        message=DOUBLE_MESSAGE,
        data={"number": refund.number},
        link=reverse("admin:payments_refund_change", args=[refund.pk]),
        permission="payments.view_refund",
        now=now,
    )


def _alert(refund: Refund, *, now: datetime) -> None:
    cause = f"payments.refund.{refund.number}"
    if not refund.gateway_note:
        clear_alert(cause=cause)
        return
    raise_alert(
        cause=cause,
        message=ABNORMAL_MESSAGE,
        data={"number": refund.number, "note": in_shop_language(refund.gateway_note)},
        link=reverse("admin:payments_refund_change", args=[refund.pk]),
        permission="payments.view_refund",
        now=now,
    )
