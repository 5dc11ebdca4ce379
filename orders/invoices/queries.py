"""Reads of invoices."""

from django.db.models import F, QuerySet, Sum

from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order
from orders.invoices.errors import InvoiceNotFound
from orders.invoices.models import Invoice, InvoiceFile, InvoiceTitle
from orders.payments.models import Payment


def still_paid_fen(order: Order) -> int:
    """What was paid in money, freight too, less what went back or is on its way back."""
    kept = Payment.objects.filter(order=order, settles_order=True)
    paid: int = kept.aggregate(fen=Sum(F("amount_fen") - F("refunded_fen"), default=0))["fen"]
    return paid


def invoices_of(*, member_id: int) -> QuerySet[Invoice]:
    return Invoice.objects.filter(member_id=member_id).select_related("order")


def invoice_of(*, member_id: int, order_number: str) -> Invoice:
    """The newest of the member's order. Raises OrderNotFound, InvoiceNotFound."""
    if not Order.objects.filter(number=order_number, member_id=member_id).exists():
        raise OrderNotFound
    invoice = invoices_of(member_id=member_id).filter(order__number=order_number).order_by("-pk").first()
    if invoice is None:
        raise InvoiceNotFound
    return invoice


def file_of(*, member_id: int, order_number: str) -> tuple[str, bytes]:
    """(invoice number, PDF) of the newest invoice, also of one that was reversed. Raises as `invoice_of`."""
    invoice = invoice_of(member_id=member_id, order_number=order_number)
    held = InvoiceFile.objects.filter(invoice=invoice).first()
    if held is None:
        raise InvoiceNotFound
    return invoice.number, bytes(held.content)


def titles_of(*, member_id: int) -> QuerySet[InvoiceTitle]:
    return InvoiceTitle.objects.filter(member_id=member_id).order_by("-pk")
