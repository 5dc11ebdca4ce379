"""Invoices to issue, and to end after money went back."""

from django.utils.translation import gettext_lazy as _

from orders.invoices.models import Invoice, InvoiceStatus
from shop.core.queues import Queue

PAGE, CHANGE = "invoices_invoice_changelist", "invoices.change_invoice"

QUEUES = (
    Queue(
        name="invoices.issue",
        label=_("Invoices to issue"),
        permission=CHANGE,
        waiting=lambda now: [Invoice.objects.filter(status=InvoiceStatus.REQUESTED)],
        since="requested_at",
        page=PAGE,
        where="status__exact=requested",
        icon="receipt",
    ),
    Queue(
        name="invoices.red",
        label=_("Red-letter notes due"),
        permission=CHANGE,
        waiting=lambda now: [Invoice.objects.filter(status=InvoiceStatus.ISSUED, red_due_at__isnull=False)],
        since="red_due_at",
        page=PAGE,
        where="red=due",
        icon="assignment_late",
    ),
)
