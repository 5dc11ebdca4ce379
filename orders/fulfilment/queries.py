"""Reads of an order's parcels and of what is still paid for it."""

from typing import Any

from django.db.models import Q, Sum

from logistics.shipments.models import Shipment, ShipmentLine, ShipmentStatus
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order
from orders.payments.models import Refund, RefundStatus


def is_order(number: str) -> bool:
    """Whether a number under which goods travel is that of an order."""
    return Order.objects.filter(number=number).exists()


def units_under_way(*, order_number: str) -> tuple[int, int]:
    """How many of the order's units have left a warehouse, and how many of those have arrived."""
    lines = ShipmentLine.objects.filter(shipment__order_number=order_number, shipment__shipped_at__isnull=False)
    units = lines.aggregate(
        shipped=Sum("quantity", default=0),
        delivered=Sum("quantity", filter=Q(shipment__status=ShipmentStatus.DELIVERED), default=0),
    )
    return units["shipped"], units["delivered"]


def still_paid_for_goods(order: Order) -> int:
    """In fen, at least 0."""
    return max(order.paid_fen - order.freight_fen - refunded_fen(order), 0)


def refunded_fen(order: Order) -> int:
    """Late and double payments that went back are none of the order's business."""
    refunds = Refund.objects.filter(payment__order=order, payment__settles_order=True, status=RefundStatus.SUCCEEDED)
    refunded: int = refunds.aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return refunded


def parcels(*, member_id: int, order_number: str) -> list[dict[str, Any]]:
    """The parcels of the member's order with their journey, newest news first; four queries for any number of them.

    Raises OrderNotFound.
    """
    if not Order.objects.filter(number=order_number, member_id=member_id).exists():
        raise OrderNotFound
    shipments = (
        Shipment.objects.filter(order_number=order_number)
        .exclude(status=ShipmentStatus.CANCELLED)
        .select_related("carrier")
        .prefetch_related("lines", "events")
        .order_by("pk")
    )
    return [_parcel(shipment) for shipment in shipments]


def _parcel(shipment: Shipment) -> dict[str, Any]:
    carrier = shipment.carrier
    return {
        "number": shipment.number,
        "status": shipment.status,
        "carrier": {"code": carrier.code, "name": carrier.name} if carrier else None,
        "tracking_number": shipment.tracking_number,
        "promised_at": shipment.promised_at,
        "shipped_at": shipment.shipped_at,
        "delivered_at": shipment.delivered_at,
        "lines": [{"sku_id": line.sku_id, "quantity": line.quantity} for line in shipment.lines.all()],
        "events": [
            {
                "state": event.state,
                "description": event.description,
                "place": event.place,
                "happened_at": event.happened_at,
            }
            for event in sorted(shipment.events.all(), key=lambda e: (e.happened_at, e.pk), reverse=True)
        ],
    }
