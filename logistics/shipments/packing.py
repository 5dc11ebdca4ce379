"""Packing by hand: one parcel becomes several, or several of an order and a warehouse become one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from logistics.allocation.services import repack
from logistics.shipments.errors import NotShippable
from logistics.shipments.models import Shipment
from logistics.shipments.services import BEFORE_SHIPPING
from shop.core.transactions import use_case


def together(shipment: Shipment) -> list[Shipment]:
    """The parcels that may be packed with this one: of its order and warehouse, and still here."""
    found = Shipment.objects.filter(
        order_number=shipment.order_number, warehouse=shipment.warehouse_id, status__in=BEFORE_SHIPPING
    )
    return list(found.prefetch_related("lines__sku__product").order_by("pk"))


def units_of(shipments: Sequence[Shipment]) -> Counter[int]:
    """What these parcels hold together, by SKU id."""
    counted: Counter[int] = Counter()
    for shipment in shipments:
        counted.update({line.sku_id: line.quantity for line in shipment.lines.all()})
    return counted


@use_case
def pack_anew(
    *, order_number: str, shipment_numbers: Sequence[str], parcels: Sequence[Mapping[int, int]], now: datetime
) -> None:
    """Pack what these parcels hold in `parcels` (SKU id → units) instead; new ones are planned, the old ones cancelled
    and their waybills voided.

    Raises NotShippable when one of them is none of the order's or has left, and what `repack` raises.
    """
    found = Shipment.objects.filter(order_number=order_number, number__in=shipment_numbers)
    shipments = list(found.order_by("pk"))
    gone = next((each for each in shipments if each.status not in BEFORE_SHIPPING), None)
    if gone is not None or len(shipments) != len(set(shipment_numbers)):
        raise NotShippable(state=gone.get_status_display() if gone else "–")
    repack(
        order_number=order_number,
        allocation_ids=[each.allocation_id for each in shipments],
        parcels=[items for items in parcels if items],
        now=now,
    )
