"""Warehouses, stores and stock with few defaults; stock arrives by the service."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from logistics.network.models import Store, Warehouse
from logistics.network.services import receive_stock
from shop.core.actors import Actor
from shop.regions.models import Region
from shop.regions.queries import region

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CLERK = Actor.staff("clerk")
# Yuhang (Hangzhou), Baiyun (Guangzhou), Shuangliu (Chengdu).
HANGZHOU, GUANGZHOU, CHENGDU = "330110", "440111", "510116"
_numbers = count(1)


def make_region(code: str) -> Region:
    """The region with the divisions above it: transactional tests before this one have emptied the table."""
    info = region(code)
    assert info is not None
    parent = make_region(info.parent_code) if info.parent_code else None
    fields = {
        "parent": parent,
        "level": info.level,
        "name": info.name,
        "longitude": info.longitude,
        "latitude": info.latitude,
    }
    return Region.objects.get_or_create(code=code, defaults=fields)[0]


def make_warehouse(region_code: str = HANGZHOU, **fields: Any) -> Warehouse:
    return Warehouse.objects.create(**_site("W", region_code, fields))


def make_store(region_code: str = HANGZHOU, **fields: Any) -> Store:
    return Store.objects.create(**_site("T", region_code, fields))


def stock(warehouse: Warehouse, items: dict[int, int]) -> None:
    """Units by SKU id, received."""
    receive_stock(warehouse_id=warehouse.pk, items=items, reference=f"R{next(_numbers)}", actor=CLERK, now=NOW)


def _site(prefix: str, region_code: str, fields: dict[str, Any]) -> dict[str, Any]:
    place = make_region(region_code)
    return {
        "code": f"{prefix}{next(_numbers)}",
        "name": place.name,
        "region": place,
        "detail": "1 号",
        "phone": "057100000000",
        "longitude": place.longitude,
        "latitude": place.latitude,
        **fields,
    }
