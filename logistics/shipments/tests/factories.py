"""Parcels planned, with a waybill, or reported on."""

from datetime import timedelta
from itertools import count
from typing import Any

from logistics.allocation.tests.factories import fulfil
from logistics.carriers.models import Carrier, CarrierRate
from logistics.network.tests.factories import NOW, make_warehouse, stock
from logistics.shipments.gateway import CourierEvent
from logistics.shipments.models import Shipment
from logistics.shipments.planning import plan_shipments
from logistics.shipments.services import record_waybill
from shop.catalog.tests.factories import make_sku
from shop.core.transactions import unit_of_work

_numbers = count(1)


def make_carrier(code: str = "ZTO", **rate: Any) -> Carrier:
    carrier, _created = Carrier.objects.get_or_create(code=code, defaults={"name": code})
    CarrierRate.objects.create(carrier=carrier, **{"first_fen": 500, "step_fen": 200, "eta_hours": 48, **rate})
    return carrier


def plan(items: dict[int, int] | None = None, *, order_number: str | None = None) -> Shipment:
    """A parcel of an order with one unit, from a warehouse that has five."""
    if not Carrier.objects.exists():
        make_carrier()
    if items is None:
        items = {make_sku().pk: 1}
        stock(make_warehouse(), dict.fromkeys(items, 5))
    request = fulfil(items, order_number=order_number)
    with unit_of_work():
        numbers = list(request.allocations.values_list("number", flat=True))
        return plan_shipments(allocation_numbers=numbers, now=NOW)[0]


def ready(**fields: Any) -> Shipment:
    """A parcel that has its waybill."""
    shipment = plan(**fields)
    return record_waybill(shipment_number=shipment.number, tracking_number=f"ZTO{next(_numbers):013d}", now=NOW)


def event(state: str, *, hours: int, event_id: str | None = None) -> CourierEvent:
    """A report `hours` after the parcel was planned."""
    return CourierEvent(
        event_id=event_id or f"TE{next(_numbers)}",
        sequence=hours,
        state=state,
        at=NOW + timedelta(hours=hours),
        description=f"{state} words",
        location="杭州",
    )
