"""Reads of payments."""

from django.db.models import Q, QuerySet

from orders.payments.errors import PaymentNotFound
from orders.payments.models import Payment, Refund, RefundStatus


def member_payment(*, number: str, member_id: int) -> Payment:
    """The member's own payment with its order; anybody else's does not exist. Raises PaymentNotFound."""
    payment = Payment.objects.filter(number=number, order__member_id=member_id).select_related("order").first()
    if payment is None:
        raise PaymentNotFound
    return payment


def stuck_refunds(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    """Those that need people (`Refund.needs_people`)."""
    # Said once more of all of them for the index of refunds that are not done.
    refused = Q(status=RefundStatus.REQUESTED, gateway_note__gt="")
    return refunds.exclude(status=RefundStatus.SUCCEEDED).filter(refused | Q(status=RefundStatus.ABNORMAL))
