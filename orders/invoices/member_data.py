"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.invoices.models import Buyer, Invoice, InvoiceStatus, InvoiceTitle
from orders.invoices.services import MOST_TITLES


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Titles as far as there is room; the others go with the account."""
    room = max(MOST_TITLES - InvoiceTitle.objects.filter(member_id=target_id).count(), 0)
    newest = InvoiceTitle.objects.filter(member_id=source_id).order_by("-pk").values_list("pk", flat=True)[:room]
    titles = InvoiceTitle.objects.filter(pk__in=list(newest)).update(member_id=target_id)
    InvoiceTitle.objects.filter(member_id=source_id).delete()
    return {
        "invoice_titles": titles,
        "invoices": Invoice.objects.filter(member_id=source_id).update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """What was issued is a record that the law asks the shop to keep; everything else of a person goes."""
    own = Invoice.objects.filter(member_id=member_id)
    asked = own.exclude(status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REVERSED])
    return {
        "invoice_titles": InvoiceTitle.objects.filter(member_id=member_id).delete()[0],
        "invoice_wishes": asked.filter(status=InvoiceStatus.REQUESTED).update(status=InvoiceStatus.WITHDRAWN),
        "invoice_names": asked.filter(buyer=Buyer.PERSONAL).exclude(title="").update(title=""),
        "invoice_emails": own.exclude(email="").update(email=""),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    columns = ("buyer", "title", "tax_number", "email")
    titles = InvoiceTitle.objects.filter(member_id=member_id).order_by("pk")
    invoices = Invoice.objects.filter(member_id=member_id).order_by("pk")
    return {
        "invoice_titles": list(titles.values(*columns)),
        "invoices": list(
            invoices.values("order__number", *columns, "status", "amount_fen", "number", "requested_at", "issued_at")
        ),
    }
