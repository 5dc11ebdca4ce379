"""Products to measure with, made by the shop's own services; runs inside Django (`Shop.call`)."""

import io
from itertools import islice

from logistics.network.models import Warehouse
from logistics.network.services import receive_stock
from shop.catalog.models import Sku
from shop.catalog.services.imports import import_products
from shop.core import clock
from shop.core.actors import Actor

MADE_BY = Actor.system("bench")
CATEGORIES = 20
CHEAPEST_FEN = 1900
RECEIPT_LINES = 2000


def load(*, prefix: str, products: int, skus_each: int, units: int) -> list[int]:
    """Put `products` on the shelf with `skus_each` SKUs of `units` each in the first warehouse; returns the SKU ids."""
    now = clock.now()
    report = import_products(
        file=io.BytesIO(_file(prefix, products, skus_each).encode()),
        filename=f"{prefix}.csv",
        actor=MADE_BY,
        now=now,
        dry_run=False,
        create_missing=True,
    )
    if not report.imported:
        raise ValueError(report.problems[0].message)
    skus = list(Sku.objects.filter(code__startswith=f"{prefix}-").order_by("pk").values_list("pk", flat=True))
    warehouse = Warehouse.objects.order_by("priority", "pk")[0]
    stream, number = iter(skus), 0
    while part := list(islice(stream, RECEIPT_LINES)):
        number += 1
        receive_stock(
            warehouse_id=warehouse.pk,
            items=dict.fromkeys(part, units),
            reference=f"{prefix}-{number}",
            actor=MADE_BY,
            now=now,
        )
    return skus


def _file(prefix: str, products: int, skus_each: int) -> str:
    lines = ["product_code,name,name_en,subtitle,sku_code,options,price,market_price,weight_g,category,brand,on_shelf"]
    for number in range(products):
        code = f"{prefix}-{number:05d}"
        for variant in range(skus_each):
            fen = CHEAPEST_FEN + number * 37 % 5000 + variant * 500
            price, market = f"{fen // 100}.{fen % 100:02d}", f"{fen // 80}.00"
            category, brand = f"测试分类 {number % CATEGORIES:02d}", f"品牌 {number % 50:02d}"
            names = f"压测商品 {number:05d},Product {number:05d},耐用好看 {number % 7} 折起"
            lines.append(
                f"{code},{names},{code}-{variant},款式:{variant + 1} 号,{price},{market},300,{category},{brand},yes"
            )
    return "\n".join(lines)
