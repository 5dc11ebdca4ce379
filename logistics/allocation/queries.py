"""Reads of allocations for the rooms above."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine


@dataclass(frozen=True)
class AllocatedParcel:
    """What one warehouse has to send for an order; `items` are units by SKU id, weight and volume are totals."""

    allocation_id: int
    number: str
    order_number: str
    recipient: dict[str, Any]
    warehouse_id: int
    origin_province: str
    handling_hours: int
    weight_g: int
    volume_cm3: int
    items: dict[int, int]


def open_parcels(*, allocation_numbers: Sequence[str]) -> list[AllocatedParcel]:
    """The parcels of those allocations that are still open, in two queries; locked so that they stay so until the
    caller's transaction has ended."""
    rows = list(
        Allocation.objects.filter(number__in=allocation_numbers, status=Allocation.Status.OPEN)
        .select_related("request", "warehouse")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    items: dict[int, dict[int, int]] = defaultdict(dict)
    for line in AllocationLine.objects.filter(allocation__in=[row.pk for row in rows]).order_by("sku_id"):
        items[line.allocation_id][line.sku_id] = line.quantity
    return [
        AllocatedParcel(
            allocation_id=row.pk,
            number=row.number,
            order_number=row.request.order_number,
            recipient=row.request.recipient,
            warehouse_id=row.warehouse_id,
            origin_province=f"{row.warehouse.region_id[:2]}0000",
            handling_hours=row.warehouse.handling_hours,
            weight_g=row.weight_g,
            volume_cm3=row.volume_cm3,
            items=items[row.pk],
        )
        for row in rows
    ]


def units_withdrawn(*, order_number: str) -> int:
    """How many of the order's units were taken out before they were shipped."""
    lines = FulfilmentLine.objects.filter(request__order_number=order_number)
    withdrawn: int = lines.aggregate(units=Sum("withdrawn", default=0))["units"]
    return withdrawn
