"""Locks of this room, always after the order's (`orders.checkout.locks.lock_order`)."""

from orders.payments.errors import PaymentNotFound
from orders.payments.models import Payment, Refund


def lock_payment(*, number: str) -> Payment:
    """Lock and return the payment; the caller holds its order. Raises PaymentNotFound."""
    payment = Payment.objects.filter(number=number).select_for_update(no_key=True, of=("self",)).first()
    if payment is None:
        raise PaymentNotFound
    return payment


def lock_refund(*, number: str) -> Refund:
    """Lock and return the refund. Raises PaymentNotFound."""
    refund = Refund.objects.filter(number=number).select_for_update(no_key=True, of=("self",)).first()
    if refund is None:
        raise PaymentNotFound
    return refund
