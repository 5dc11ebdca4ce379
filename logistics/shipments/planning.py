"""From allocations to parcels with a carrier and a promise."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from logistics.allocation.policies import live_terms
from logistics.allocation.queries import AllocatedParcel, open_parcels
from logistics.carriers.engine import Parcel
from logistics.carriers.services import choose_carrier
from logistics.shipments.facts import ShipmentPlanned
from logistics.shipments.models import Problem, Shipment, ShipmentLine
from shop.core.numbers import new_number
from shop.core.outbox import publish


def plan_shipments(*, allocation_numbers: Sequence[str], now: datetime) -> list[Shipment]:
    """Plan one shipment per open allocation that has none yet; inside the caller's transaction."""
    planned = set(
        Shipment.objects.filter(allocation__number__in=allocation_numbers).values_list("allocation_id", flat=True)
    )
    parcels = [p for p in open_parcels(allocation_numbers=allocation_numbers) if p.allocation_id not in planned]
    shipments = [_plan(parcel, now) for parcel in parcels]
    Shipment.objects.bulk_create(shipments)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, sku_id=sku_id, quantity=quantity)
        for shipment, parcel in zip(shipments, parcels, strict=True)
        for sku_id, quantity in parcel.items.items()
    )
    publish(
        *(
            ShipmentPlanned(shipment_number=shipment.number, order_number=shipment.order_number, at=now)
            for shipment in shipments
            if shipment.carrier_id is not None
        )
    )
    return shipments


def _plan(parcel: AllocatedParcel, now: datetime) -> Shipment:
    shipment = Shipment(
        number=new_number("S", now),
        order_number=parcel.order_number,
        allocation_id=parcel.allocation_id,
        warehouse_id=parcel.warehouse_id,
        recipient=parcel.recipient,
        weight_g=parcel.weight_g,
        created_at=now,
    )
    wanted = Parcel(
        origin_province=parcel.origin_province,
        destination_province=parcel.recipient["province_code"],
        weight_g=parcel.weight_g,
        volume_cm3=parcel.volume_cm3,
        promise_worth_fen=live_terms().promise_worth_fen,
    )
    choice = choose_carrier(reference=shipment.number, parcel=wanted, now=now)
    if choice is None:
        shipment.problem = Problem.NO_CARRIER
        return shipment
    shipment.carrier_id, shipment.cost_fen = choice.carrier_id, choice.cost_fen
    shipment.promised_at = now + timedelta(hours=parcel.handling_hours + choice.eta_hours)
    return shipment
