"""Which products a list shows, in which order: one page of ids, found by keyset along an index.

A page is cached until the listing changes, or until the clock opens or closes the next shelf or collection window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.search import SearchRank
from django.db import connection
from django.db.models import F, IntegerField, Q, QuerySet
from django.db.models.functions import Cast

from shop.catalog.cache import EVERYTHING, LISTING, Loaded, fetch
from shop.catalog.models import CollectionItem, Product
from shop.catalog.queries import collection_is_open, on_shelf
from shop.catalog.search import LexemeQuery, search_query
from shop.core.api.pagination import slice_page

ORDERINGS: Mapping[str, tuple[str, str]] = {
    "price": ("min_price_fen", "id"),
    "-price": ("-min_price_fen", "-id"),
    "-sales": ("-sales", "-id"),
    "-created": ("-created_at", "-id"),
    "-rating": ("-rating_bp", "-id"),
}
BEST_SELLERS = ORDERINGS["-sales"]
# Relevance is worked out for the best sellers among the matches only (fifteen pages of them), so that a word that half
# of a million products carry costs no more than a rare one. In any other order a search goes on to its end.
RELEVANCE_CANDIDATES = 300
RELATED = 12

# The next instant at which a product or a collection appears or disappears by the clock; and a category's branch.
_FRAME = """
SELECT least(
    (SELECT min(shelf_from) FROM catalog_product WHERE on_shelf AND shelf_from > %(now)s),
    (SELECT min(shelf_until) FROM catalog_product WHERE on_shelf AND shelf_until > %(now)s),
    (SELECT min(starts_at) FROM catalog_collection WHERE is_active AND starts_at > %(now)s),
    (SELECT min(ends_at) FROM catalog_collection WHERE is_active AND ends_at > %(now)s)
), ARRAY(
    SELECT branch.id FROM catalog_category root JOIN catalog_category branch ON branch.path LIKE root.path || '%%'
    WHERE root.id = %(category)s
)
"""


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """What a front asked for; None is no condition."""

    search: str = ""
    category: int | None = None
    brand: int | None = None
    collection: int | None = None
    min_price_fen: int | None = None
    max_price_fen: int | None = None
    in_stock: bool = False
    ordering: str | None = None
    cursor: str | None = None
    limit: int


@dataclass(frozen=True)
class IdPage:
    product_ids: tuple[int, ...]
    next_cursor: str | None


def read_page(*, name: str, query: Any, now: datetime) -> IdPage:
    """The page that `query()`, a ListQuery, asks for; `name` is what the same question is called in the cache.

    `query` is called only when the page is not in the cache. Raises InvalidCursor.
    """

    def load(_names: list[str]) -> dict[str, Loaded]:
        page, valid_until = _find(query(), now)
        return {name: Loaded(orjson.dumps([page.product_ids, page.next_cursor]), valid_until)}

    product_ids, next_cursor = orjson.loads(_fetch_page(name, load, now))
    return IdPage(tuple(product_ids), next_cursor)


def related_ids(*, product_id: int, now: datetime) -> list[int]:
    """Best sellers of the same category."""
    name = f"related:{product_id}"

    def load(_names: list[str]) -> dict[str, Loaded]:
        category = Product.objects.filter(pk=product_id).values("category_id")[:1]
        valid_until, _branch = _frame(now, None)
        found = Product.objects.filter(on_shelf(now=now), category_id=category).exclude(pk=product_id)
        ids = list(found.order_by(*BEST_SELLERS).values_list("pk", flat=True)[:RELATED])
        return {name: Loaded(orjson.dumps(ids), valid_until)}

    return orjson.loads(_fetch_page(name, load, now))


def _fetch_page(name: str, load: Any, now: datetime) -> bytes:
    return fetch(kind="page", names=[name], versions=[EVERYTHING, LISTING], load=load, now=now)[name]


def _frame(now: datetime, category: int | None) -> tuple[datetime | None, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(_FRAME, {"now": now, "category": category})
        return cursor.fetchone()


def _find(query: ListQuery, now: datetime) -> tuple[IdPage, datetime | None]:
    words = search_query(query.search) if query.search else None
    if query.search and words is None:
        return IdPage((), None), None
    valid_until, branch = _frame(now, query.category)
    if query.collection is not None and query.ordering is None and words is None:
        rows, following = _slice(_in_collection_order(query, branch, now), ("position", "id"), query)
        return IdPage(tuple(row["product_id"] for row in rows), following), valid_until
    products = Product.objects.filter(_conditions(query, branch, now))
    if query.collection is not None:
        products = products.filter(pk__in=_items(query.collection, now).values("product_id"))
    ordering: tuple[str, ...] = ORDERINGS[query.ordering] if query.ordering else BEST_SELLERS
    if words is not None:
        products = products.filter(search_vector=words)
        if query.ordering is None:
            products, ordering = _by_relevance(products, words), ("-relevance", "-sales", "-id")
    rows, following = _slice(products, ordering, query)
    return IdPage(tuple(row["id"] for row in rows), following), valid_until


def _slice(rows: QuerySet[Any], ordering: Sequence[str], query: ListQuery) -> tuple[list[Any], str | None]:
    columns = [name.lstrip("-") for name in ordering]
    extra = ["product_id"] if rows.model is CollectionItem else []
    return slice_page(rows.values(*columns, *extra), ordering=ordering, cursor=query.cursor, limit=query.limit)


def _conditions(query: ListQuery, branch: Sequence[int], now: datetime, prefix: str = "") -> Q:
    wanted: dict[str, Any] = {}
    if query.category is not None:
        wanted["category_id__in"] = branch
    if query.brand is not None:
        wanted["brand_id"] = query.brand
    if query.min_price_fen is not None:
        wanted["min_price_fen__gte"] = query.min_price_fen
    if query.max_price_fen is not None:
        wanted["min_price_fen__lte"] = query.max_price_fen
    if query.in_stock:
        wanted["skus_in_stock__gt"] = 0
    return on_shelf(now=now, prefix=prefix) & Q(**{f"{prefix}{name}": value for name, value in wanted.items()})


def _items(collection: int, now: datetime) -> QuerySet[CollectionItem]:
    """The items of a collection, none outside its half-open window."""
    return CollectionItem.objects.filter(collection_is_open(now=now, prefix="collection__"), collection_id=collection)


def _in_collection_order(query: ListQuery, branch: Sequence[int], now: datetime) -> QuerySet[CollectionItem]:
    assert query.collection is not None
    return _items(query.collection, now).filter(_conditions(query, branch, now, prefix="product__"))


def _by_relevance(products: QuerySet[Product], words: LexemeQuery) -> QuerySet[Product]:
    candidates = products.order_by(*BEST_SELLERS).values("pk")[:RELEVANCE_CANDIDATES]
    # A whole number, because a cursor must find its place again exactly.
    relevance = Cast(SearchRank(F("search_vector"), words) * 1_000_000, IntegerField())
    return Product.objects.filter(pk__in=candidates).annotate(relevance=relevance)
