"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.after_sales.models import OPEN, AfterSale, AfterSaleEvent
from orders.checkout.notes import told
from shop.core.errors import Detail


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {"after_sales": AfterSale.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """That goods came back is kept with the trade; what was written and shown about it goes."""
    rows = AfterSale.objects.filter(member_id=member_id)
    erased = rows.update(description="", images=[], answer="", carrier="", tracking_number="", withheld_for="")
    notes = AfterSaleEvent.objects.filter(after_sale__member_id=member_id).exclude(note="").update(note="")
    return {"after_sales": erased, "after_sale_notes": notes}


def export(*, member_id: int) -> Mapping[str, Any]:
    rows = AfterSale.objects.filter(member_id=member_id).order_by("pk").select_related("order")
    return {"after_sales": [_after_sale(row) for row in rows.prefetch_related("lines__order_line")]}


def open_after_sales(*, member_id: int) -> Detail | None:
    if AfterSale.objects.filter(member_id=member_id, status__in=OPEN).exists():
        return Detail("", "open_after_sales", _("After-sales are still open."))
    return None


def _after_sale(row: AfterSale) -> dict[str, Any]:
    return {
        "number": row.number,
        "order": row.order.number,
        "kind": row.kind,
        "status": row.status,
        "reason": row.reason,
        "description": told(row.description),
        "images": row.images,
        "answer": row.answer,
        "refund_fen": row.refund_fen,
        "refund_points": row.refund_points,
        "carrier": row.carrier,
        "tracking_number": row.tracking_number,
        "asked_at": row.asked_at,
        "ended_at": row.ended_at,
        "lines": [
            {"product_name": line.order_line.product_name, "quantity": line.quantity} for line in row.lines.all()
        ],
    }
