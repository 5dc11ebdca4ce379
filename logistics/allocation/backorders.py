"""What orders wait for: by SKU and order by order."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Sum

from logistics.allocation.models import FulfilmentRequest
from logistics.network.models import StockTransfer, StockTransferLine
from shop.catalog.models import Sku

MOST = 1000


@dataclass
class Lack:
    """Units of a SKU that waiting orders lack, how many of them, since when, and what is on its way."""

    code: str = ""
    name: str = ""
    units: int = 0
    orders: int = 0
    since: datetime | None = None
    on_its_way: int = 0


@dataclass(frozen=True)
class Waiting:
    """`lacks`: units by SKU code; empty for an order that waits for something else than goods."""

    request_id: int
    order_number: str
    since: datetime
    retry_at: datetime | None
    lacks: dict[str, int] = field(default_factory=dict)


def backorders() -> tuple[list[Lack], list[Waiting]]:
    """The SKUs that lack most, and the orders that have waited longest; four queries."""
    requests = FulfilmentRequest.objects.filter(status=FulfilmentRequest.Status.WAITING).exclude(obstacle={})
    found = list(requests.order_by("created_at", "pk")[:MOST])
    lacks: dict[int, Lack] = defaultdict(Lack)
    for request in found:
        for sku, units in request.obstacle.get("short", {}).items():
            lack = lacks[int(sku)]
            lack.units, lack.orders = lack.units + units, lack.orders + 1
            lack.since = lack.since or request.created_at
    skus = Sku.objects.select_related("product").in_bulk(list(lacks))
    sent = StockTransferLine.objects.filter(transfer__status=StockTransfer.Status.SENT, sku__in=list(lacks))
    on_its_way = dict(sent.values_list("sku_id").annotate(units=Sum("sent")))
    for sku_id, lack in lacks.items():
        lack.code, lack.name = skus[sku_id].code, str(skus[sku_id].product.name)
        lack.on_its_way = on_its_way.get(sku_id, 0)
    waiting = [
        Waiting(
            request.pk,
            request.order_number,
            request.created_at,
            request.retry_at,
            {skus[int(sku)].code: units for sku, units in request.obstacle.get("short", {}).items()},
        )
        for request in found
    ]
    return sorted(lacks.values(), key=lambda each: (-each.units, each.code)), waiting
