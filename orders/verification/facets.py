"""What an order's answer says of goods that can be fetched."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import segno

from orders.checkout.models import Order, OrderStatus
from orders.verification.codes import pickup_code
from orders.verification.models import Pickup


def pickups(*, orders: Sequence[Order], now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """One query for a page of orders that holds some to be fetched, none otherwise."""
    to_fetch = {order.pk: order for order in orders if order.pickup_store_id is not None}
    if not to_fetch:
        return {}
    rows = Pickup.objects.filter(order_id__in=to_fetch).select_related("store")
    return {row.order_id: {"pickup": present_pickup(row, to_fetch[row.order_id])} for row in rows}


def present_pickup(pickup: Pickup, order: Order) -> dict[str, Any] | None:
    """None for goods that are not to be fetched any more: their money went back."""
    fetched = pickup.fetched_at is not None
    if not fetched and order.status != OrderStatus.DELIVERED:
        return None
    code = "" if fetched else pickup_code(order_number=order.number, version=pickup.code_version)
    return {
        "status": "fetched" if fetched else "ready",
        "store": {
            "id": pickup.store_id,
            "name": pickup.store.name,
            "detail": pickup.store.detail,
            "phone": pickup.store.phone,
            "opening_hours": pickup.store.opening_hours,
        },
        "code": code,
        "qr": segno.make_qr(code, error="m").svg_data_uri(scale=4, border=2) if code else "",
        "ready_at": pickup.ready_at,
        "fetch_by": pickup.fetch_by,
        "fetched_at": pickup.fetched_at,
    }
