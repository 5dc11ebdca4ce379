"""Locks of this room, always after the order's (`orders.checkout.locks.lock_order`)."""

from orders.payments.errors import PaymentNotFound
from orders.payments.models import Payment, Refund
from shop.core.prepared import Prepared, columns

# Written out, because every order is paid.
_LOCK = Prepared("lock_payment", f"SELECT {columns(Payment)} FROM payments_payment WHERE number = %s FOR NO KEY UPDATE")


def lock_payment(*, number: str) -> Payment:
    """Lock and return the payment; the caller holds its order. Raises PaymentNotFound."""
    payment = _LOCK.first(Payment, [number])
    if payment is None:
        raise PaymentNotFound
    return payment


def lock_refund(*, number: str) -> Refund:
    """Lock and return the refund. Raises PaymentNotFound."""
    refund = Refund.objects.filter(number=number).select_for_update(no_key=True, of=("self",)).first()
    if refund is None:
        raise PaymentNotFound
    return refund
