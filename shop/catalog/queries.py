"""Reads of the catalogue for other rooms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import OuterRef, Q, Subquery

from shop.catalog.models import ProductImage, Sku


@dataclass(frozen=True)
class SkuSnapshot:
    """A SKU as it is sold at one moment; `available` is what remains above the safety stock."""

    sku_id: int
    code: str
    product_id: int
    product_name: str
    options_label: str
    image_url: str
    kind: str
    category_id: int
    brand_id: int | None
    price_fen: int
    cost_fen: int | None
    weight_g: int
    volume_cm3: int
    available: int
    on_sale: bool
    limit_per_order: int | None
    limit_per_member: int | None


def on_shelf(*, now: datetime, prefix: str = "") -> Q:
    """The condition that a product is sold at `now`: on shelf, and inside its half-open shelf window."""
    return (
        Q(**{f"{prefix}on_shelf": True})
        & (Q(**{f"{prefix}shelf_from__isnull": True}) | Q(**{f"{prefix}shelf_from__lte": now}))
        & (Q(**{f"{prefix}shelf_until__isnull": True}) | Q(**{f"{prefix}shelf_until__gt": now}))
    )


def collection_is_open(*, now: datetime, prefix: str = "") -> Q:
    """The condition that a collection is shown at `now`: active, and inside its half-open window."""
    return (
        Q(**{f"{prefix}is_active": True})
        & (Q(**{f"{prefix}starts_at__isnull": True}) | Q(**{f"{prefix}starts_at__lte": now}))
        & (Q(**{f"{prefix}ends_at__isnull": True}) | Q(**{f"{prefix}ends_at__gt": now}))
    )


def sku_snapshots(*, sku_ids: Iterable[int], now: datetime) -> dict[int, SkuSnapshot]:
    """The SKUs that exist among `sku_ids`, sold or not, in one query."""
    first_image = ProductImage.objects.filter(product_id=OuterRef("product_id")).order_by("position", "id")
    rows = Sku.objects.filter(pk__in=set(sku_ids)).values(
        "id",
        "code",
        "options",
        "image",
        "price_fen",
        "cost_fen",
        "weight_g",
        "volume_cm3",
        "product_id",
        "product__name",
        "product__kind",
        "product__category_id",
        "product__brand_id",
        "product__limit_per_order",
        "product__limit_per_member",
        "stock__available",
        "stock__safety_stock",
        sold=Q(is_active=True) & on_shelf(now=now, prefix="product__"),
        thumbnail=Subquery(first_image.values("thumbnail")[:1]),
    )
    return {row["id"]: _snapshot(row) for row in rows}


def _snapshot(row: Mapping[str, Any]) -> SkuSnapshot:
    image = row["image"] or row["thumbnail"]
    return SkuSnapshot(
        sku_id=row["id"],
        code=row["code"],
        product_id=row["product_id"],
        product_name=row["product__name"],
        options_label=options_label(row["options"]),
        image_url=default_storage.url(image) if image else "",
        kind=row["product__kind"],
        category_id=row["product__category_id"],
        brand_id=row["product__brand_id"],
        price_fen=row["price_fen"],
        cost_fen=row["cost_fen"],
        weight_g=row["weight_g"],
        volume_cm3=row["volume_cm3"],
        available=sellable(row["stock__available"], row["stock__safety_stock"]),
        on_sale=row["sold"],
        limit_per_order=row["product__limit_per_order"],
        limit_per_member=row["product__limit_per_member"],
    )


def options_label(options: Mapping[str, Any]) -> str:
    """`{"颜色": "红", "尺码": "L"}` → `红 L`."""
    return " ".join(str(value) for value in options.values())


def sellable(available: int | None, safety_stock: int | None) -> int:
    """What may be sold of a stock row; a SKU without one has nothing."""
    return max((available or 0) - (safety_stock or 0), 0)
