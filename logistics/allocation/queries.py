"""Reads of allocations for the rooms above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db.models import Sum

from logistics.allocation.models import FulfilmentLine
from logistics.carriers.engine import province_of
from shop.core.prepared import Prepared

# Written out, because every order passes here; columns as in AllocatedParcel.
_OPEN_PARCELS = Prepared(
    "open_parcels",
    """
SELECT allocation.id, allocation.number, request.order_number, request.recipient::json, allocation.warehouse_id,
    warehouse.region_id, warehouse.handling_hours, warehouse.pick_cut_off, allocation.weight_g, allocation.volume_cm3,
    (SELECT coalesce(sum(packed.quantity * line.value_fen), 0) FROM allocation_allocationline packed
        JOIN allocation_fulfilmentline line ON line.request_id = request.id AND line.sku_id = packed.sku_id
        WHERE packed.allocation_id = allocation.id),
    (SELECT json_object_agg(sku_id, quantity ORDER BY sku_id) FROM allocation_allocationline
        WHERE allocation_id = allocation.id)
FROM allocation_allocation allocation JOIN allocation_fulfilmentrequest request ON request.id = allocation.request_id
JOIN network_warehouse warehouse ON warehouse.id = allocation.warehouse_id
WHERE allocation.number = ANY(%s::text[]) AND allocation.status = 'open'
ORDER BY allocation.id FOR NO KEY UPDATE OF allocation
""",
)


@dataclass(frozen=True)
class AllocatedParcel:
    """What one warehouse has to send for an order; `items` are units by SKU id, weight, volume and worth are totals."""

    allocation_id: int
    number: str
    order_number: str
    recipient: dict[str, Any]
    warehouse_id: int
    origin_province: str
    handling_hours: int
    pick_cut_off: time | None
    weight_g: int
    volume_cm3: int
    value_fen: int
    items: dict[int, int]


def open_parcels(*, allocation_numbers: Sequence[str]) -> list[AllocatedParcel]:
    """The parcels of those allocations that are still open, in one query; locked so that they stay so until the
    caller's transaction has ended."""
    return [_parcel(row) for row in _OPEN_PARCELS.run([list(allocation_numbers)])]


def _parcel(row: tuple[Any, ...]) -> AllocatedParcel:
    allocation_id, number, order_number, recipient, warehouse_id, region_code, hours, cut_off, *measures, items = row
    weight_g, volume_cm3, value_fen = measures
    return AllocatedParcel(
        allocation_id,
        number,
        order_number,
        recipient,
        warehouse_id,
        origin_province=province_of(region_code),
        handling_hours=hours,
        pick_cut_off=cut_off,
        weight_g=weight_g,
        volume_cm3=volume_cm3,
        value_fen=value_fen,
        items={int(sku_id): units for sku_id, units in items.items()},
    )


def units_withdrawn(*, order_number: str) -> int:
    """How many of the order's units were taken out before they were shipped."""
    lines = FulfilmentLine.objects.filter(request__order_number=order_number)
    withdrawn: int = lines.aggregate(units=Sum("withdrawn", default=0))["units"]
    return withdrawn
