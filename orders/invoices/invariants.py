"""Laws of invoices."""

from django.db.models import F, Q

from orders.invoices.models import Invoice, InvoiceFile, InvoiceStatus

SHOWN = 20


def issued_invoices_hold_their_file() -> list[str]:
    """What was issued has its PDF, and nothing else has one."""
    issued = Q(status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REVERSED])
    without = Invoice.objects.filter(issued, file=None)
    files = InvoiceFile.objects.exclude(invoice__status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REVERSED])
    return [f"invoice {each.number}: has no file" for each in without[:SHOWN]] + [
        f"invoice {each.pk}: has a file without being issued" for each in files[:SHOWN]
    ]


def invoices_are_of_their_orders_member() -> list[str]:
    wrong = Invoice.objects.exclude(member_id=F("order__member_id"))
    return [f"invoice {each.pk}: of another member than its order" for each in wrong[:SHOWN]]


def no_invoice_says_more_than_was_paid() -> list[str]:
    """One that stands is at most what its order was paid with."""
    wrong = Invoice.objects.filter(status=InvoiceStatus.ISSUED).filter(amount_fen__gt=F("order__paid_fen"))
    return [f"invoice {each.number}: more than the order was paid with" for each in wrong[:SHOWN]]


LAWS = (issued_invoices_hold_their_file, invoices_are_of_their_orders_member, no_invoice_says_more_than_was_paid)
