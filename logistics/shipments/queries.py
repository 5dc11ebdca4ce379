"""Reads of parcels, for the order's page and for the rooms above."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from logistics.shipments.models import Shipment, ShipmentLine, ShipmentStatus, TrackingEvent

LEFT = frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.EXCEPTION, ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})


@dataclass(frozen=True)
class ParcelEvent:
    state: str
    description: str
    place: str
    at: datetime


@dataclass(frozen=True)
class OrderParcel:
    """A parcel as its buyer sees it; `items` are units by SKU id, events newest first."""

    number: str
    status: str
    carrier_code: str
    carrier_name: str
    tracking_number: str
    items: dict[int, int]
    promised_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    events: tuple[ParcelEvent, ...]


@dataclass(frozen=True)
class Progress:
    """How many parcels an order has, not counting cancelled ones, and how many have left and arrived."""

    planned: int
    shipped: int
    delivered: int


def order_parcels(*, order_number: str) -> list[OrderParcel]:
    """All parcels of an order but cancelled ones, in three queries."""
    shipments = list(
        Shipment.objects.filter(order_number=order_number)
        .exclude(status=ShipmentStatus.CANCELLED)
        .select_related("carrier")
        .order_by("pk")
    )
    ids = [shipment.pk for shipment in shipments]
    items: dict[int, dict[int, int]] = defaultdict(dict)
    for line in ShipmentLine.objects.filter(shipment__in=ids).order_by("sku_id"):
        items[line.shipment_id][line.sku_id] = line.quantity
    events: dict[int, list[ParcelEvent]] = defaultdict(list)
    for event in TrackingEvent.objects.filter(shipment__in=ids).order_by("-happened_at", "-sequence"):
        events[event.shipment_id].append(ParcelEvent(event.state, event.description, event.place, event.happened_at))
    return [
        OrderParcel(
            number=shipment.number,
            status=shipment.status,
            carrier_code=shipment.carrier.code if shipment.carrier else "",
            carrier_name=shipment.carrier.name if shipment.carrier else "",
            tracking_number=shipment.tracking_number,
            items=items[shipment.pk],
            promised_at=shipment.promised_at,
            shipped_at=shipment.shipped_at,
            delivered_at=shipment.delivered_at,
            events=tuple(events[shipment.pk]),
        )
        for shipment in shipments
    ]


def progress(*, order_number: str) -> Progress:
    """One query. All parcels of an order are planned in one transaction, so none is missing here."""
    statuses = list(
        Shipment.objects.filter(order_number=order_number)
        .exclude(status=ShipmentStatus.CANCELLED)
        .values_list("status", flat=True)
    )
    return Progress(
        planned=len(statuses),
        shipped=sum(status in LEFT for status in statuses),
        delivered=sum(status == ShipmentStatus.DELIVERED for status in statuses),
    )
