"""Reads of the network: what each warehouse has free, and where buyers can pick up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.db import connection
from django.db.models import Case, F, FloatField, IntegerField, QuerySet, Value, When
from django.db.models.functions import ASin, Cast, Cos, Least, Power, Radians, Round, Sin, Sqrt

from logistics.network.geography import EARTH_RADIUS_KM
from logistics.network.models import Store
from shop.core.kept import Kept
from shop.core.prepared import Prepared, Question

# Written out, because every quote asks and every allocation again.
_FREE = Prepared(
    "network_free",
    """
SELECT warehouse_id, sku_id, on_hand - allocated FROM network_warehousestock
WHERE sku_id = ANY(%s::bigint[]) AND on_hand > allocated
""",
)
_WAREHOUSES = Prepared(
    "network_warehouses",
    """
SELECT id, code, name, longitude, latitude, priority, is_active, region_id, handling_hours, daily_parcels,
    pick_cut_off
FROM network_warehouse ORDER BY id
""",
)
_TO_FILL_UP = """
SELECT sku.code, warehouse.name, stock.on_hand - stock.allocated, stock.safety,
    stock.safety - (stock.on_hand - stock.allocated) AS lacking, coalesce(donor.name, ''), coalesce(donor.spare, 0)
FROM network_warehousestock stock
JOIN catalog_sku sku ON sku.id = stock.sku_id
JOIN network_warehouse warehouse ON warehouse.id = stock.warehouse_id
LEFT JOIN LATERAL (
    SELECT place.name, other.on_hand - other.allocated - other.safety AS spare
    FROM network_warehousestock other JOIN network_warehouse place ON place.id = other.warehouse_id
    WHERE other.sku_id = stock.sku_id AND other.on_hand - other.allocated > other.safety
    ORDER BY spare DESC, place.id LIMIT 1
) donor ON true
WHERE stock.on_hand < stock.allocated + stock.safety
ORDER BY lacking DESC, sku.code, warehouse.id LIMIT %s
"""


@dataclass(frozen=True)
class WarehouseState:
    """A warehouse and the units it has free, by SKU id, of the SKUs asked for."""

    warehouse_id: int
    code: str
    name: str
    longitude: float
    latitude: float
    priority: int
    is_active: bool
    region_code: str
    handling_hours: int
    daily_parcels: int | None = None
    pick_cut_off: time | None = None
    free: dict[int, int] = field(kw_only=True)


def ask_free(*, sku_ids: Iterable[int]) -> Question:
    """What `warehouse_states` reads of stock."""
    return Question(_FREE, [sorted(sku_ids)])


def warehouse_states(*, sku_ids: Iterable[int], estimate: bool = False) -> list[WarehouseState]:
    """All warehouses, in two queries whatever the number of SKUs; one for an `estimate`, for which it does when the
    warehouses themselves are those of a few seconds ago.
    """
    free: dict[int, dict[int, int]] = defaultdict(dict)
    for warehouse_id, sku_id, units in ask_free(sku_ids=sku_ids).run():
        free[warehouse_id][sku_id] = units
    known = WAREHOUSES.value() if estimate else _warehouses()
    return [WarehouseState(*row, free=free[row[0]]) for row in known]


def _warehouses() -> list[tuple[Any, ...]]:
    """Columns in the order of WarehouseState."""
    return _WAREHOUSES.run()


WAREHOUSES = Kept(_warehouses)


@dataclass(frozen=True)
class Lack:
    """A warehouse with fewer free units of a SKU than its safety stock, and who has most above its own; `donor` is
    empty where nobody has any to spare."""

    sku_code: str
    warehouse: str
    free: int
    safety: int
    lacking: int
    donor: str
    spare: int


def to_fill_up(*, limit: int = 200) -> list[Lack]:
    """The worst first, one query."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_FILL_UP, [limit])
        return [Lack(*row) for row in cursor.fetchall()]


def pickup_stores(
    *, latitude: float | None = None, longitude: float | None = None, region_code: str = ""
) -> QuerySet[Any, Any]:
    """Open stores in the region given or below it, as plain rows with `distance_m` from the point given, else 0."""
    stores = Store.objects.filter(is_active=True)
    if region_code:
        # Codes nest by pairs of digits: 330000 holds 330100 holds 330110.
        stores = stores.filter(region__code__startswith=_prefix(region_code))
    distance: Any = Value(0, output_field=IntegerField())
    if latitude is not None and longitude is not None:
        distance = Cast(Round(_distance_km(latitude, longitude) * 1000), IntegerField())
    return stores.annotate(distance_m=distance).values(
        "id", "code", "name", "region_id", "detail", "phone", "longitude", "latitude", "opening_hours", "distance_m"
    )


def _prefix(region_code: str) -> str:
    while region_code.endswith("00"):
        region_code = region_code[:-2]
    return region_code


def _distance_km(latitude: float, longitude: float) -> Any:
    """The haversine formula of `geography.distance_km`, in SQL."""
    half_latitude = Radians(F("latitude") - latitude) / 2
    half_longitude = Radians(F("longitude") - longitude) / 2
    chord = Power(Sin(half_latitude), 2) + Cos(Radians(Value(latitude))) * Cos(Radians(F("latitude"))) * Power(
        Sin(half_longitude), 2
    )
    bounded = Case(When(latitude=latitude, longitude=longitude, then=Value(0.0)), default=Least(Sqrt(chord), 1.0))
    return ASin(Cast(bounded, FloatField())) * (2 * EARTH_RADIUS_KM)


def stores_by_code() -> list[tuple[str, str]]:
    """Codes and names of the stores that are open to members."""
    return list(Store.objects.filter(is_active=True).order_by("code").values_list("code", "name"))
