"""What a parcel's events amount to, whatever their order of arrival: pure, a function of the set of events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from logistics.shipments.models import ShipmentStatus

_MEANING = {
    "picked_up": ShipmentStatus.SHIPPED,
    "in_transit": ShipmentStatus.SHIPPED,
    "out_for_delivery": ShipmentStatus.SHIPPED,
    "exception": ShipmentStatus.EXCEPTION,
    "delivered": ShipmentStatus.DELIVERED,
    "returned": ShipmentStatus.RETURNED,
}
_FINAL = frozenset({ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})


@dataclass(frozen=True)
class Report:
    state: str
    description: str
    happened_at: datetime
    sequence: int


@dataclass(frozen=True)
class Standing:
    """`status` is None while nothing has moved the parcel; `shipped_at` and `delivered_at` are the courier's times."""

    status: ShipmentStatus | None
    state: str
    news: str
    news_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None


def standing(reports: Iterable[Report]) -> Standing:
    """The latest report decides, but nothing comes after the parcel was delivered or returned."""
    status: ShipmentStatus | None = None
    shipped_at = delivered_at = None
    last: Report | None = None
    for report in sorted(reports, key=lambda r: (r.happened_at, r.sequence)):
        meaning = _MEANING.get(report.state)
        status, last = meaning or status, report
        if meaning is not None and shipped_at is None:
            shipped_at = report.happened_at
        if meaning in _FINAL:
            delivered_at = report.happened_at if meaning == ShipmentStatus.DELIVERED else None
            break
    if last is None:
        return Standing(None, "", "", None, None, None)
    return Standing(status, last.state, last.description, last.happened_at, shipped_at, delivered_at)
