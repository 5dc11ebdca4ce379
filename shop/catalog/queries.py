"""Reads of the catalogue for other rooms."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.core.files.storage import default_storage
from django.db.models import Q
from msgspec import Struct

from shop.core.prepared import Prepared, Question

# Columns in the order of SkuSnapshot; "on sale" is `on_shelf` below. Written out, because a checkout asks several times
# and Django needs longer for the statement than Postgres for the answer.
_COLUMNS = """
SELECT sku.id, sku.code, product.id, product.name, {options}, {picture}, product.kind, product.category_id,
    product.brand_id, sku.price_fen, sku.cost_fen, sku.weight_g, sku.volume_cm3,
    greatest(coalesce(stock.available - stock.safety_stock, 0), 0),
    sku.is_active AND product.on_shelf
        AND (product.shelf_from IS NULL OR product.shelf_from <= %(now)s)
        AND (product.shelf_until IS NULL OR product.shelf_until > %(now)s),
    product.limit_per_order, product.limit_per_member, category.path, sku.floor_price_fen, product.max_discount_bp
FROM catalog_sku sku
JOIN catalog_product product ON product.id = sku.product_id
JOIN catalog_category category ON category.id = product.category_id
LEFT JOIN catalog_skustock stock ON stock.sku_id = sku.id
{front} WHERE sku.id = ANY(%(sku_ids)s::bigint[])
"""
_FRONT = """LEFT JOIN LATERAL (
    SELECT thumbnail FROM catalog_productimage WHERE product_id = product.id ORDER BY position, id LIMIT 1
) front ON true
"""
_SNAPSHOTS = Prepared(
    "catalog_snapshots",
    _COLUMNS.format(
        options="sku.options::text", picture="coalesce(nullif(sku.image, ''), front.thumbnail, '')", front=_FRONT
    ),
)
_UNSHOWN = Prepared("catalog_unshown", _COLUMNS.format(options="''::text", picture="''::text", front=""))


class SkuSnapshot(Struct, frozen=True):
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
    category_path: str
    floor_price_fen: int | None
    max_discount_bp: int


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


def ask_snapshots(*, sku_ids: Iterable[int], now: datetime, shown: bool = True) -> Question:
    """What `sku_snapshots` reads."""
    return Question(_SNAPSHOTS if shown else _UNSHOWN, {"sku_ids": sorted(set(sku_ids)), "now": now})


def sku_snapshots(*, sku_ids: Iterable[int], now: datetime, shown: bool = True) -> dict[int, SkuSnapshot]:
    """The SKUs that exist among `sku_ids`, sold or not, in one query; those not to be `shown` without options and
    image.
    """
    found = ask_snapshots(sku_ids=sku_ids, now=now, shown=shown).run()
    return {row[0]: _snapshot(*row) if shown else SkuSnapshot(*row) for row in found}


def _snapshot(
    sku_id: int, code: str, product_id: int, product_name: str, options: str, image: str, *others: Any
) -> SkuSnapshot:
    label = options_label(dict(orjson.loads(options)))
    image_url = default_storage.url(image) if image else ""
    return SkuSnapshot(sku_id, code, product_id, product_name, label, image_url, *others)


def options_label(options: Mapping[str, Any]) -> str:
    """`{"颜色": "红", "尺码": "L"}` → `红 L`."""
    return " ".join(str(value) for value in options.values())


def sellable(available: int | None, safety_stock: int | None) -> int:
    """What may be sold of a stock row; a SKU without one has nothing."""
    return max((available or 0) - (safety_stock or 0), 0)
