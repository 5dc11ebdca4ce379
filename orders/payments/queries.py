"""Reads of payments."""

from orders.payments.errors import PaymentNotFound
from orders.payments.models import Payment


def member_payment(*, number: str, member_id: int) -> Payment:
    """The member's own payment with its order; anybody else's does not exist. Raises PaymentNotFound."""
    payment = Payment.objects.filter(number=number, order__member_id=member_id).select_related("order").first()
    if payment is None:
        raise PaymentNotFound
    return payment
