"""The gateway says that a payment is paid: the one place where that takes effect."""

from datetime import datetime

import structlog

from orders.checkout.locks import lock_order_by_key
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.confirmation import confirm_deposit, confirm_paid
from orders.payments.errors import NotificationMismatch, PaymentNotFound
from orders.payments.gateways.base import TradeState, Transaction
from orders.payments.locks import lock_payment
from orders.payments.models import PAYMENT_TRANSITIONS, Part, Payment, PaymentStatus, Refund
from orders.payments.services.refunding import refund_payment
from shop.core.actors import Actor
from shop.core.prepared import Prepared, columns
from shop.core.state import check_transition
from shop.core.transactions import use_case

# Written out, because every order is paid.
_KNOWN = Prepared("known_payment", f"SELECT {columns(Payment)} FROM payments_payment WHERE number = %s")
_SUCCEEDED = Prepared(
    "payment_succeeded",
    """
UPDATE payments_payment SET status = %(status)s, transaction_id = %(transaction_id)s, gateway_state = %(gateway_state)s,
    gateway_note = %(gateway_note)s, succeeded_at = %(succeeded_at)s, settles_order = %(settles_order)s,
    query_at = %(query_at)s
WHERE id = %(id)s
""",
)

CURRENCY = "CNY"

log = structlog.get_logger(__name__)


@use_case
def confirm_payment(*, transaction: Transaction, actor: Actor, now: datetime) -> Payment:
    """Record that a payment succeeded, once, however often and through whomever it is told.

    It settles its order, or the deposit or the balance of it, when that still waits for this part and this amount.
    Otherwise the money goes back in full: `late` when the order was closed, `duplicate` when another payment had
    settled it, `repriced` when its price has changed since and the order still waits.
    Raises PaymentNotFound, and NotificationMismatch when the facts are not those of the payment.
    """
    known = _KNOWN.first(Payment, [transaction.number])
    if known is None:
        raise PaymentNotFound
    check_facts(known, transaction)
    if known.status == PaymentStatus.SUCCEEDED:
        return known
    order = lock_order_by_key(order_id=known.order_id)
    payment = lock_payment(number=known.number)
    payment.order = order
    if payment.status == PaymentStatus.SUCCEEDED:
        return payment
    check_transition(PAYMENT_TRANSITIONS, current=payment.status, target=PaymentStatus.SUCCEEDED)
    payment.status = PaymentStatus.SUCCEEDED
    payment.transaction_id = transaction.transaction_id
    payment.gateway_state, payment.gateway_note = transaction.raw_state, ""
    payment.succeeded_at = transaction.paid_at or now
    waits = order.status == OrderStatus.PENDING_PAYMENT
    payment.settles_order = waits and payment.is_of_what_is_due(order)
    payment.query_at = None
    _SUCCEEDED.run({**vars(payment), "status": str(payment.status)})
    if not payment.settles_order:
        refund_payment(payment=payment, amount_fen=payment.amount_fen, reason=_why_unneeded(payment, order), now=now)
    elif payment.part == Part.DEPOSIT:
        confirm_deposit(order=order, actor=actor, now=now)
    else:
        confirm_paid(order=order, actor=actor, now=now)
    return payment


def _why_unneeded(payment: Payment, order: Order) -> Refund.Reason:
    if order.status == OrderStatus.CANCELLED:
        return Refund.Reason.LATE
    still_due = order.status == OrderStatus.PENDING_PAYMENT and payment.part == Part.due(order)
    return Refund.Reason.REPRICED if still_due else Refund.Reason.DUPLICATE


def check_facts(payment: Payment, transaction: Transaction, *, state: TradeState = TradeState.PAID) -> None:
    """Raises NotificationMismatch unless the gateway speaks of this very payment, in this state and amount."""
    wrong = [
        name
        for name, told, expected in (
            ("amount", transaction.amount_fen, payment.amount_fen),
            ("currency", transaction.currency, CURRENCY),
            ("state", transaction.state, state),
            ("transaction", bool(transaction.transaction_id), True),
            ("transaction", transaction.transaction_id, payment.transaction_id or transaction.transaction_id),
        )
        if told != expected
    ]
    if wrong:
        log.error("payment_mismatch", payment=payment.number, wrong=wrong, transaction=transaction.transaction_id)
        raise NotificationMismatch(wrong=wrong)
