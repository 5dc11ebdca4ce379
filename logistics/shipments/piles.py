"""The piles of the day: parcels by what has to be done with them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.services import BEFORE_SHIPPING, UNDER_WAY

UNFINISHED = [*BEFORE_SHIPPING, *UNDER_WAY]


def in_pile(rows: QuerySet[Shipment], pile: str, *, now: datetime) -> QuerySet[Shipment]:
    """Those of a pile; all of them where no pile has that name."""
    piles = {
        "to_ship": Q(status__in=BEFORE_SHIPPING),
        "under_way": Q(status__in=UNDER_WAY),
        "stuck": Q(status__in=UNFINISHED) & (Q(status=ShipmentStatus.EXCEPTION) | ~Q(problem="")),
        "attention": Q(status__in=[ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED]) | ~Q(problem=""),
        "late": Q(status__in=UNFINISHED, promised_at__lt=now),
        "done": Q(status=ShipmentStatus.DELIVERED),
    }
    found = piles.get(pile)
    return rows if found is None else rows.filter(found)
