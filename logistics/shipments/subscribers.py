"""Allocations become parcels; parcels ask the courier for waybills."""

from logistics.allocation.facts import (
    AllocationRejected,
    FulfilmentCancelled,
    FulfilmentReduced,
    FulfilmentRepacked,
    OrderAllocated,
)
from logistics.shipments.facts import ShipmentPlanned, TrackingNumberEntered, WaybillVoided
from logistics.shipments.planning import plan_shipments
from logistics.shipments.services import cancel_shipments
from logistics.shipments.waybills import request_waybill, subscribe_tracking, void_waybill
from shop.core import clock
from shop.core.events import subscribe


# It locks allocations, so whoever locks the order has the turn before.
@subscribe(OrderAllocated, turn=1)
def plan_parcels(fact: OrderAllocated) -> None:
    plan_shipments(allocation_numbers=fact.allocation_numbers, now=clock.now())


@subscribe(ShipmentPlanned, in_transaction=False, soon=True)
def ask_for_waybill(fact: ShipmentPlanned) -> None:
    request_waybill(shipment_number=fact.shipment_number, now=clock.now())


@subscribe(TrackingNumberEntered, in_transaction=False)
def ask_for_reports(fact: TrackingNumberEntered) -> None:
    subscribe_tracking(shipment_number=fact.shipment_number)


@subscribe(FulfilmentCancelled)
def cancel_parcels(fact: FulfilmentCancelled) -> None:
    cancel_shipments(order_number=fact.order_number, now=clock.now())


@subscribe(FulfilmentReduced)
def cancel_reduced_parcels(fact: FulfilmentReduced) -> None:
    cancel_shipments(order_number=fact.order_number, now=clock.now())


@subscribe(FulfilmentRepacked)
def cancel_repacked_parcels(fact: FulfilmentRepacked) -> None:
    cancel_shipments(order_number=fact.order_number, now=clock.now())


@subscribe(AllocationRejected)
def cancel_rejected_parcel(fact: AllocationRejected) -> None:
    cancel_shipments(order_number=fact.order_number, now=clock.now())


@subscribe(WaybillVoided, in_transaction=False)
def tell_courier(fact: WaybillVoided) -> None:
    void_waybill(shipment_number=fact.shipment_number, tracking_number=fact.tracking_number)
