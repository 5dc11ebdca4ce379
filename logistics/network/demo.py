"""The demo shop's three warehouses, two stores, and stock received for every product."""

from datetime import datetime, timedelta

from logistics.network.models import Store, Warehouse
from logistics.network.services import receive_stock
from shop.catalog.models import Product, Sku
from shop.core.actors import Actor
from shop.core.transactions import use_case

WAREHOUSES = (
    ("HZ", "杭州仓", "330110", "良渚街道莫干山路 1418 号", "0571-86660001", 10, 120.0335, 30.3762),
    ("GZ", "广州仓", "440111", "太和镇大源北路 88 号", "020-86660002", 20, 113.3512, 23.2636),
    ("CD", "成都仓", "510116", "西航港街道空港一路 66 号", "028-86660003", 30, 103.9720, 30.5390),
)
STORES = (
    ("S-WL", "杭州武林店", "330105", "中山北路 300 号 1 层", "0571-86660011", "10:00–22:00", 120.1633, 30.2746),
    ("S-TH", "广州天河店", "440106", "天河路 208 号 B1 层", "020-86660012", "10:00–22:30", 113.3236, 23.1352),
)
# Units per SKU of the opening stock, by warehouse; each SKU's own share varies so that no two look alike.
OPENING = {"HZ": 160, "GZ": 120, "CD": 80}
CLERK = Actor.system("demo")


@use_case
def load(*, size: str, now: datetime) -> str:
    for code, name, region_id, detail, phone, priority, longitude, latitude in WAREHOUSES:
        fields = {
            "name": name,
            "region_id": region_id,
            "detail": detail,
            "phone": phone,
            "priority": priority,
            "longitude": longitude,
            "latitude": latitude,
        }
        Warehouse.objects.get_or_create(code=code, defaults=fields)
    for code, name, region_id, detail, phone, opening_hours, longitude, latitude in STORES:
        fields = {
            "name": name,
            "region_id": region_id,
            "detail": detail,
            "phone": phone,
            "opening_hours": opening_hours,
            "longitude": longitude,
            "latitude": latitude,
        }
        Store.objects.get_or_create(code=code, defaults=fields)
    return f"{len(WAREHOUSES)} warehouses, {len(STORES)} stores"


def load_stock(*, size: str, now: datetime) -> str:
    """Opening stock for goods that no warehouse has ever had; one receipt per warehouse."""
    skus = list(
        Sku.objects.filter(product__kind=Product.Kind.GOODS)
        .exclude(pk__in=_ever_stocked())
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not skus:
        return "every SKU has stock already"
    for code, units in OPENING.items():
        receive_stock(
            warehouse_id=Warehouse.objects.get(code=code).pk,
            items={sku_id: units + sku_id * 37 % 60 for sku_id in skus},
            reference=f"OPENING-{code}-{skus[0]}",
            reason="期初库存",
            actor=CLERK,
            now=now - timedelta(days=62),
        )
    return f"opening stock of {len(skus)} SKUs in {len(OPENING)} warehouses"


def _ever_stocked() -> list[int]:
    return list(Warehouse.objects.filter(stock__isnull=False).values_list("stock__sku_id", flat=True).distinct())
