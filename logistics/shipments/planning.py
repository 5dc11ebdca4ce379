"""From allocations to parcels with a carrier and a promise."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from logistics.allocation.queries import AllocatedParcel, open_parcels
from logistics.carriers.services import choose_carrier
from logistics.shipments.facts import ShipmentPlanned
from logistics.shipments.handover import asked_of_carriers, delivered_at, ready_at
from logistics.shipments.models import Problem, Shipment
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.prepared import Prepared
from shop.regions.queries import city_of

# Written out, because every parcel passes here.
_PLANNED = Prepared(
    "planned_allocations",
    """
SELECT allocation_id, order_number, recipient->>'region_code', promised_at FROM shipments_shipment
WHERE order_number = ANY(%s::text[])
""",
)
_WRITE = Prepared(
    "write_shipment",
    """
WITH planned AS (
    INSERT INTO shipments_shipment (number, order_number, allocation_id, warehouse_id, carrier_id, tracking_number,
        recipient, weight_g, cost_fen, status, news, problem, promised_at, created_at)
    VALUES (%(number)s, %(order_number)s, %(allocation_id)s, %(warehouse_id)s, %(carrier_id)s, '', %(recipient)s,
        %(weight_g)s, %(cost_fen)s, %(status)s, '', %(problem)s, %(promised_at)s, %(created_at)s)
    RETURNING id
), packed AS (
    INSERT INTO shipments_shipmentline (shipment_id, sku_id, quantity)
    SELECT planned.id, line.sku_id, line.quantity
    FROM planned, unnest(%(skus)s::bigint[], %(quantities)s::int[]) AS line(sku_id, quantity)
)
SELECT id FROM planned
""",
)


def plan_shipments(*, allocation_numbers: Sequence[str], now: datetime) -> list[Shipment]:
    """Plan one shipment per open allocation that has none yet; inside the caller's transaction.

    One that takes the place of an earlier parcel to the same region keeps what was promised then, where a carrier can.
    """
    parcels = open_parcels(allocation_numbers=allocation_numbers)
    earlier: list[Any] = _PLANNED.run([sorted({parcel.order_number for parcel in parcels})])
    planned = {allocation_id for allocation_id, *_rest in earlier}
    promises: dict[tuple[str, str | None], datetime] = {}
    for _allocation_id, *place, promised_at in earlier:
        if promised_at is not None:
            promises[*place] = max(promised_at, promises.get((*place,), promised_at))
    parcels = [parcel for parcel in parcels if parcel.allocation_id not in planned]
    shipments = [
        _plan(parcel, promises.get((parcel.order_number, parcel.recipient.get("region_code"))), now)
        for parcel in parcels
    ]
    for shipment, parcel in zip(shipments, parcels, strict=True):
        _write(shipment, parcel.items)
    publish(
        *(
            ShipmentPlanned(shipment_number=shipment.number, order_number=shipment.order_number, at=now)
            for shipment in shipments
            if shipment.carrier_id is not None
        )
    )
    return shipments


def _write(shipment: Shipment, items: Mapping[int, int]) -> None:
    values = {**vars(shipment), "recipient": Json(shipment.recipient), "status": str(shipment.status)}
    [(shipment.pk,)] = _WRITE.run({**values, "skus": list(items), "quantities": list(items.values())})


def _plan(parcel: AllocatedParcel, promised: datetime | None, now: datetime) -> Shipment:
    shipment = Shipment(
        number=new_number("S", now),
        order_number=parcel.order_number,
        allocation_id=parcel.allocation_id,
        warehouse_id=parcel.warehouse_id,
        recipient=parcel.recipient,
        weight_g=parcel.weight_g,
        created_at=now,
    )
    ready = ready_at(pick_cut_off=parcel.pick_cut_off, handling_hours=parcel.handling_hours, now=now)
    wanted = asked_of_carriers(
        origin=parcel.origin_province,
        destination=city_of(parcel.recipient.get("region_code", "")) or parcel.recipient["province_code"],
        weight_g=parcel.weight_g,
        volume_cm3=parcel.volume_cm3,
        value_fen=parcel.value_fen,
        ready=ready,
        promised=promised,
        now=now,
    )
    choice = choose_carrier(reference=shipment.number, parcel=wanted, now=now)
    if choice is None:
        shipment.problem = Problem.NO_CARRIER
        return shipment
    shipment.carrier_id, shipment.cost_fen = choice.carrier_id, choice.cost_fen
    waits = choice.candidates[0]["waits_minutes"]
    shipment.promised_at = delivered_at(ready, waits_minutes=waits, eta_hours=choice.eta_hours)
    return shipment
