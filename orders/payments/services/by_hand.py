"""Refunds that no gateway brings to the payer: finance pays them back in another way, and says so."""

from datetime import datetime

from orders.payments.errors import RefundNotByHand
from orders.payments.gateways.base import GatewayRefundState
from orders.payments.gateways.registry import gateway_for
from orders.payments.locks import lock_refund
from orders.payments.models import REFUND_TRANSITIONS, Refund, RefundStatus
from orders.payments.services.refunding import finish_refund, record_refund
from shop.core.actors import Actor
from shop.core.state import check_transition
from shop.core.transactions import use_case


def settle_by_hand(*, number: str, reason: str, actor: Actor, now: datetime) -> Refund:
    """Record that the payer has the money, sent by people for `reason`; the gateway is asked first, and never again.

    Talks to the gateway, so it is never called inside a transaction. Raises RefundNotByHand when the gateway has paid
    it or is about to, and PaymentGatewayUnavailable when that cannot be known.
    """
    refund = Refund.objects.select_related("payment").get(number=number)
    if not refund.needs_people:
        raise RefundNotByHand
    told = gateway_for(refund.payment.method).query_refund(number=number, payment_number=refund.payment.number)
    if told is not None:
        record_refund(told=told, now=now)
        if told.state != GatewayRefundState.ABNORMAL:
            raise RefundNotByHand
    return _settle(number=number, reason=reason, actor=actor, now=now)


@use_case
def _settle(*, number: str, reason: str, actor: Actor, now: datetime) -> Refund:
    refund = lock_refund(number=number)
    if not refund.needs_people:
        raise RefundNotByHand
    check_transition(REFUND_TRANSITIONS, current=refund.status, target=RefundStatus.SUCCEEDED)
    refund.by_hand_reason, refund.by_hand_by = reason, str(actor)[:80]
    finish_refund(refund=refund, succeeded_at=now, now=now)
    return refund
