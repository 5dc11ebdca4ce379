"""Orders that wait to be fulfilled: stock received, units reserved, a recipient."""

from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import FulfilmentItem, request_fulfilment
from logistics.network.tests.factories import NOW
from shop.catalog.services.stock import reserve_stock
from shop.regions.queries import region

_numbers = count(1)
# Xihu district of Hangzhou.
XIHU = "330106"


def recipient(region_code: str = XIHU) -> dict[str, Any]:
    place = region(region_code)
    assert place is not None
    return {
        "name": "林晓",
        "phone": "13800000000",
        "region_code": place.code,
        "region_path": place.path_name,
        "province_code": place.province_code,
        "detail": "文三路 1 号",
        "longitude": place.longitude,
        "latitude": place.latitude,
    }


def reserve(items: dict[int, int], order_number: str | None = None) -> str:
    """Units held for an order that has been paid; returns the order's number."""
    number = order_number or f"O{next(_numbers)}"
    with transaction.atomic():
        reserve_stock(reference=number, items=items, expires_at=None)
    return number


def fulfil(
    items: dict[int, int],
    *,
    order_number: str | None = None,
    region_code: str = XIHU,
    not_before: datetime | None = None,
    priority: int = 0,
) -> FulfilmentRequest:
    """Reserve and request, as a paid order does."""
    number = order_number or reserve(items)
    lines = [FulfilmentItem(sku_id=sku, quantity=n, weight_g=500, volume_cm3=1000) for sku, n in items.items()]
    return request_fulfilment(
        order_number=number,
        recipient=recipient(region_code),
        lines=lines,
        not_before=not_before,
        priority=priority,
        now=NOW,
    )
