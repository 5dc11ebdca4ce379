"""Products as fronts see them: the card in a list and the whole product, each as JSON bytes that the cache keeps.

Everything a page of products needs comes in one query, and one more per facet provider.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from shop.catalog.cache import EVERYTHING, Loaded, fetch
from shop.catalog.facets import Facets, FacetSubject, earliest, facets_of
from shop.catalog.models import Product, ProductImage, Sku
from shop.catalog.queries import on_shelf, sellable

Row = Mapping[str, Any]

_SKUS = (
    Sku.objects.filter(product=OuterRef("pk"), is_active=True)
    .order_by("position", "id")
    .values(
        json=JSONObject(
            id="id",
            code="code",
            options="options",
            price_fen="price_fen",
            market_price_fen="market_price_fen",
            image="image",
            available="stock__available",
            safety_stock="stock__safety_stock",
        )
    )
)
_IMAGES = (
    ProductImage.objects.filter(product=OuterRef("pk"))
    .order_by("position", "id")
    .values(json=JSONObject(image="image", thumbnail="thumbnail"))
)


def cards(*, product_ids: Sequence[int], now: datetime) -> list[bytes]:
    """The cards of these products, in their order, without those that are not sold."""

    def load(names: list[str]) -> dict[str, Loaded]:
        return _load([int(name) for name in names], now, images=1, present=_card)

    names = [str(product_id) for product_id in product_ids]
    found = fetch(kind="card", names=names, versions=[EVERYTHING], load=load, now=now, versions_of_their_own=True)
    return list(found.values())


def detail(*, product_id: int, now: datetime) -> bytes | None:
    """The whole product, or None when it is not sold."""

    def load(names: list[str]) -> dict[str, Loaded]:
        return _load([product_id], now, images=None, present=_detail)

    name = str(product_id)
    found = fetch(kind="detail", names=[name], versions=[EVERYTHING], load=load, now=now, versions_of_their_own=True)
    return found.get(name)


def media_url(name: str | None) -> str:
    return default_storage.url(name) if name else ""


def _load(product_ids: Sequence[int], now: datetime, *, images: int | None, present: Any) -> dict[str, Loaded]:
    rows = (
        Product.objects.filter(on_shelf(now=now), pk__in=product_ids)
        .annotate(sku_rows=ArraySubquery(_SKUS), image_rows=ArraySubquery(_IMAGES[:images]))
        .values(
            "id",
            "kind",
            "name",
            "name_en",
            "subtitle",
            "description",
            "category_id",
            "category__name",
            "category__name_en",
            "brand_id",
            "brand__name",
            "brand__name_en",
            "brand__logo",
            "shelf_until",
            "rating_bp",
            "review_count",
            "sales",
            "sku_rows",
            "image_rows",
        )
    )
    sold = [row for row in rows if row["sku_rows"]]
    facets = facets_of(products=[_subject(row) for row in sold], now=now)
    return {
        str(row["id"]): Loaded(
            orjson.dumps(present(row, facets[row["id"]])),
            valid_until=earliest(row["shelf_until"], facets[row["id"]].valid_until),
        )
        for row in sold
    }


def _subject(row: Row) -> FacetSubject:
    return FacetSubject(
        product_id=row["id"],
        category_id=row["category_id"],
        brand_id=row["brand_id"],
        kind=row["kind"],
        prices_fen={sku["id"]: sku["price_fen"] for sku in row["sku_rows"]},
    )


def _card(row: Row, facets: Facets) -> dict[str, Any]:
    skus = row["sku_rows"]
    cheapest = min(skus, key=lambda sku: sku["price_fen"])
    image = next((each["thumbnail"] or each["image"] for each in row["image_rows"]), None) or cheapest["image"]
    return {
        **_shared(row),
        "image_url": media_url(image),
        "price_fen": cheapest["price_fen"],
        "market_price_fen": cheapest["market_price_fen"],
        "member_price_fen": min(facets.member_prices_fen.values(), default=None),
        "available": sum(sellable(sku["available"], sku["safety_stock"]) for sku in skus),
        "activities": facets.activities,
        "points_to_earn": facets.points_to_earn,
    }


def _detail(row: Row, facets: Facets) -> dict[str, Any]:
    images = [
        {"url": media_url(each["image"]), "thumbnail_url": media_url(each["thumbnail"])} for each in row["image_rows"]
    ]
    return {
        **_shared(row),
        "description": row["description"],
        "images": images,
        "skus": [
            {
                "id": sku["id"],
                "code": sku["code"],
                "options": dict(sku["options"]),  # kept as pairs, see OrderedMappingField
                "price_fen": sku["price_fen"],
                "market_price_fen": sku["market_price_fen"],
                "member_price_fen": facets.member_prices_fen.get(sku["id"]),
                "available": sellable(sku["available"], sku["safety_stock"]),
                "image_url": media_url(sku["image"]),
            }
            for sku in row["sku_rows"]
        ],
        "activities": facets.activities,
        "points_to_earn": facets.points_to_earn,
    }


def _shared(row: Row) -> dict[str, Any]:
    brand = {
        "id": row["brand_id"],
        "name": row["brand__name"],
        "name_en": row["brand__name_en"],
        "logo_url": media_url(row["brand__logo"]),
    }
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": row["name"],
        "name_en": row["name_en"],
        "subtitle": row["subtitle"],
        "category": {"id": row["category_id"], "name": row["category__name"], "name_en": row["category__name_en"]},
        "brand": brand if row["brand_id"] else None,
        "rating": round(row["rating_bp"] / 2_000, 1) if row["review_count"] else None,
        "review_count": row["review_count"],
        "sales": row["sales"],
    }
