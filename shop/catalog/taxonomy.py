"""Categories, brands and collections as fronts see them: JSON bytes that the cache keeps until one of them changes."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Min, Q

from shop.catalog.cache import EVERYTHING, Loaded, fetch
from shop.catalog.facets import earliest
from shop.catalog.models import Brand, Category, Collection
from shop.catalog.presenting import media_url
from shop.catalog.queries import collection_is_open
from shop.core.api.pagination import slice_page

IN_POSITION = ("position", "id")
# Where a page of a list starts and how long it is.
Slice = Callable[[], tuple[str | None, int]]


def category_tree(*, now: datetime) -> bytes:
    """The shown categories, children inside their parents; a hidden category hides what is below it."""
    return _kept("categories", lambda: Loaded(orjson.dumps(_page(_tree(), None))), now)


def brand_page(*, name: str, wanted: Slice, now: datetime) -> bytes:
    def load() -> Loaded:
        cursor, limit = wanted()
        rows, following = slice_page(Brand.objects.all(), ordering=IN_POSITION, cursor=cursor, limit=limit)
        return Loaded(orjson.dumps(_page([_brand(brand) for brand in rows], following)))

    return _kept(name, load, now)


def collection_page(*, name: str, wanted: Slice, now: datetime) -> bytes:
    """The collections whose window is open."""

    def load() -> Loaded:
        cursor, limit = wanted()
        open_now = Collection.objects.filter(collection_is_open(now=now))
        rows, following = slice_page(open_now, ordering=IN_POSITION, cursor=cursor, limit=limit)
        return Loaded(orjson.dumps(_page([_collection(each) for each in rows], following)), _next_window_edge(now))

    return _kept(name, load, now)


def collection_detail(*, collection_id: int, now: datetime) -> bytes | None:
    """One collection, or None outside its window; its products are listed by `products?collection=`."""

    def load(_names: list[str]) -> dict[str, Loaded]:
        found = Collection.objects.filter(collection_is_open(now=now), pk=collection_id).first()
        return {name: Loaded(orjson.dumps(_collection(found)), found.ends_at)} if found else {}

    name = f"collection:{collection_id}"
    return fetch(kind="taxonomy", names=[name], versions=[EVERYTHING], load=load, now=now).get(name)


def _kept(name: str, load: Callable[[], Loaded], now: datetime) -> bytes:
    return fetch(kind="taxonomy", names=[name], versions=[EVERYTHING], load=lambda _: {name: load()}, now=now)[name]


def _page(items: list[Any], next_cursor: str | None) -> dict[str, Any]:
    return {"items": items, "next_cursor": next_cursor}


def _tree() -> list[dict[str, Any]]:
    children: dict[str, list[dict[str, Any]]] = defaultdict(list)
    # Deepest first, so that a parent finds its children complete.
    for category in Category.objects.filter(is_active=True).order_by("-depth", "path"):
        parent = category.path[: -Category.steplen]
        children[parent].append(
            {
                "id": category.pk,
                "slug": category.slug,
                "name": category.name,
                "name_en": category.name_en,
                "image_url": media_url(category.image.name),
                "children": children.pop(category.path, []),
            }
        )
    return children[""]


def _brand(brand: Brand) -> dict[str, Any]:
    return {
        "id": brand.pk,
        "slug": brand.slug,
        "name": brand.name,
        "name_en": brand.name_en,
        "logo_url": media_url(brand.logo.name),
    }


def _collection(collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.pk,
        "slug": collection.slug,
        "name": collection.name,
        "name_en": collection.name_en,
        "description": collection.description,
        "banner_url": media_url(collection.banner.name),
        "starts_at": collection.starts_at,
        "ends_at": collection.ends_at,
    }


def _next_window_edge(now: datetime) -> datetime | None:
    edges = Collection.objects.filter(is_active=True).aggregate(
        opens=Min("starts_at", filter=Q(starts_at__gt=now)), closes=Min("ends_at", filter=Q(ends_at__gt=now))
    )
    return earliest(edges["opens"], edges["closes"])
