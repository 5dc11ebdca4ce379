"""Talking with the courier about waybills and tracks: the network call first, then one transaction with its result."""

from datetime import datetime, timedelta

import structlog

from logistics.shipments import gateway
from logistics.shipments.errors import CourierRefused, CourierUnavailable, UnknownShipment
from logistics.shipments.models import Problem, Shipment, ShipmentStatus
from logistics.shipments.services import record_problem, record_tracking, record_waybill
from shop.core.prepared import Prepared

UNDER_WAY = (ShipmentStatus.READY, ShipmentStatus.SHIPPED, ShipmentStatus.EXCEPTION)
SILENCE = timedelta(minutes=30)
_SENDER = ("name", "phone", "region_code", "detail")
_RECIPIENT = ("name", "phone", "region_code", "region_path", "detail")
# Written out, because every parcel passes here; the last columns as in _SENDER.
_PLANNED = Prepared(
    "planned_parcel",
    """
SELECT carrier.code, shipment.weight_g, shipment.recipient::json, warehouse.name, warehouse.phone, warehouse.region_id,
    warehouse.detail
FROM shipments_shipment shipment JOIN network_warehouse warehouse ON warehouse.id = shipment.warehouse_id
JOIN carriers_carrier carrier ON carrier.id = shipment.carrier_id
WHERE shipment.number = %s AND shipment.status = 'planned'
""",
)

log = structlog.get_logger(__name__)


def request_waybill(*, shipment_number: str, now: datetime) -> None:
    """Get a waybill for a planned parcel, once, however often it is called. Raises CourierUnavailable."""
    planned = _PLANNED.row([shipment_number])
    if planned is None:
        return
    carrier, weight_g, recipient, *sender = planned
    if not gateway.is_configured():
        record_problem(shipment_number=shipment_number, problem=Problem.NO_GATEWAY)
        return
    try:
        tracking_number = gateway.create_waybill(
            reference=shipment_number,
            carrier=carrier,
            sender=dict(zip(_SENDER, sender, strict=True)),
            recipient={name: recipient.get(name, "") for name in _RECIPIENT},
            weight_g=weight_g,
        )
    except CourierRefused as refusal:
        record_problem(shipment_number=shipment_number, problem=Problem.REFUSED, news=str(refusal))
        return
    record_waybill(shipment_number=shipment_number, tracking_number=tracking_number, now=now)


def void_waybill(*, shipment_number: str, tracking_number: str) -> None:
    """Tell the courier not to come. A parcel that it has already taken is marked for a person."""
    if not gateway.is_configured():
        return
    try:
        gateway.cancel_waybill(tracking_number=tracking_number)
    except CourierRefused as refusal:
        record_problem(shipment_number=shipment_number, problem=Problem.REFUSED, news=str(refusal))


def subscribe_tracking(*, shipment_number: str) -> None:
    """Have the courier report on a parcel whose number it did not give us; again is no error.

    One that knows no such number is noted for a person. Raises CourierUnavailable.
    """
    under_way = Shipment.objects.select_related("carrier").filter(number=shipment_number, status__in=UNDER_WAY)
    shipment = under_way.exclude(tracking_number="").first()
    if shipment is None or shipment.carrier is None or not gateway.is_configured():
        return
    try:
        gateway.subscribe(
            tracking_number=shipment.tracking_number,
            carrier=shipment.carrier.code,
            phone=str(shipment.recipient.get("phone", "")),
        )
    except CourierRefused as refusal:
        record_problem(shipment_number=shipment_number, problem=Problem.REFUSED, news=str(refusal))


def poll_silent(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Ask after parcels under way that have had no news for a while; returns counts of asked, answered and failed."""
    if not gateway.is_configured():
        return {"asked": 0, "answered": 0, "failed": 0}
    silent = Shipment.objects.filter(status__in=UNDER_WAY, polled_at__lte=now - SILENCE).exclude(tracking_number="")
    numbers = list(silent.order_by("polled_at").values_list("pk", "tracking_number")[:limit])
    answered = sum(_poll(pk, tracking_number, now) for pk, tracking_number in numbers)
    return {"asked": len(numbers), "answered": answered, "failed": len(numbers) - answered}


def follow_parcel(*, tracking_number: str, now: datetime) -> Shipment:
    """Ask the courier where a parcel is and record it. Raises CourierRefused, CourierUnavailable, UnknownShipment."""
    events = gateway.track(tracking_number=tracking_number)
    return record_tracking(tracking_number=tracking_number, events=events, now=now)


def _poll(pk: int, tracking_number: str, now: datetime) -> bool:
    # Marked first, so that one parcel that always fails does not stand in the way of the others.
    Shipment.objects.filter(pk=pk).update(polled_at=now)
    try:
        follow_parcel(tracking_number=tracking_number, now=now)
    except (CourierRefused, CourierUnavailable, UnknownShipment) as error:
        log.warning("courier_poll_failed", tracking_number=tracking_number, error=str(error))
        return False
    return True
