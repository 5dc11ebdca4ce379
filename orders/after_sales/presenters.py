"""After-sales as the API answers them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from logistics.network.models import Warehouse
from members.uploads.addresses import picture
from orders.after_sales.engine import Assessment, Explanation
from orders.after_sales.models import AfterSale, AfterSaleEvent, AfterSaleLine, Status
from orders.after_sales.sentences import say
from orders.after_sales.services.asking import Draft
from orders.after_sales.services.ending import WITHDRAWABLE
from orders.checkout.notes import told
from shop.regions.models import Region

# From when on a member knows where the goods go.
_ANSWERED = (Status.AWAITING_GOODS, Status.UNDER_WAY, Status.DISPUTED)


def present_draft(draft: Draft, *, kind: str) -> dict[str, Any]:
    assessment = draft.assessment or Assessment(())
    return {
        "kind": kind,
        "refund_fen": assessment.cash_fen,
        "refund_freight_fen": assessment.freight_fen,
        "refund_points": assessment.points,
        "coupons_returned": list(assessment.coupons_back),
        "deductions": [{"label": each.label, "amount_fen": each.amount_fen} for each in assessment.deductions],
        "explanations": say(assessment.explanations),
        "lines": [_line(line) for line in draft.lines],
    }


def present_after_sale(row: AfterSale) -> dict[str, Any]:
    """With its lines, history and warehouse at hand (`queries.member_after_sales`)."""
    assessment: Mapping[str, Any] = row.assessment
    reasons = msgspec.convert(assessment.get("explanations", []), list[Explanation])
    return {
        "number": row.number,
        "order_number": row.order.number,
        "kind": row.kind,
        "status": row.status,
        "reason": row.reason,
        "description": told(row.description),
        "images": [picture(each) for each in row.images],
        "refund_fen": row.refund_fen,
        "refund_freight_fen": row.refund_freight_fen,
        "refund_points": row.refund_points,
        "coupons_returned": list(assessment.get("coupons_back", ())),
        "deductions": [
            {"label": each["label"], "amount_fen": each["amount_fen"]} for each in assessment.get("deductions", ())
        ],
        "withheld_fen": row.withheld_fen,
        "withheld_for": row.withheld_for,
        "explanations": say(reasons),
        "answer": row.answer,
        "return_to": _address(row.warehouse) if row.status in _ANSWERED and row.warehouse else None,
        "carrier": row.carrier,
        "tracking_number": row.tracking_number,
        "can_cancel": row.status in WITHDRAWABLE,
        "can_send_goods": row.status == Status.AWAITING_GOODS,
        "asked_at": row.asked_at,
        "due_at": row.due_at,
        "ended_at": row.ended_at,
        "lines": [_line(line) for line in row.lines.all()],
        "events": _events(row.events.all()),
    }


def _line(line: AfterSaleLine) -> dict[str, Any]:
    ordered, other = line.order_line, line.replacement_sku
    return {
        "line_id": ordered.pk,
        "sku_id": ordered.sku_id,
        "product_id": ordered.product_id,
        "product_name": ordered.product_name,
        "options": ordered.options,
        "image_url": ordered.image_url,
        "is_gift": ordered.is_gift,
        "quantity": line.quantity,
        "units_to_send": line.units_to_send,
        "units_refunded": line.units_refunded,
        "refund_fen": line.cash_fen,
        "refund_points": line.points,
        "replacement_sku_id": other.pk if other else None,
    }


def _events(events: Iterable[AfterSaleEvent]) -> list[dict[str, Any]]:
    """Without notes, which staff write for each other."""
    return [{"status": each.status, "happened_at": each.happened_at} for each in events]


def _address(warehouse: Warehouse) -> dict[str, str]:
    names = list[str]()
    region: Region | None = warehouse.region
    while region is not None:
        names.insert(0, region.name)
        region = region.parent
    return {
        "name": warehouse.name,
        "phone": warehouse.phone,
        "region_path": " ".join(names),
        "detail": warehouse.detail,
    }
