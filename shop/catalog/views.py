"""The catalogue's API: every answer comes as bytes from the cache, or is read once and kept there."""

from hashlib import blake2b

import orjson
from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema

from shop.catalog import serializers, taxonomy
from shop.catalog.listing import ListQuery, read_page, related_ids
from shop.catalog.preferences import SHOP_NAME
from shop.catalog.presenting import cards, detail
from shop.core import clock
from shop.core.api.pagination import PageQuery
from shop.core.api.reads import ReadView, query_of
from shop.core.api.serializers import ErrorOut
from shop.core.errors import NotFound

LONGEST_NAME = 120


class BootstrapView(ReadView):
    @extend_schema(operation_id="bootstrap", responses={200: serializers.BootstrapOut, 304: None, 405: ErrorOut})
    def get(self, request: HttpRequest) -> bytes:
        return orjson.dumps(
            {
                "server_time": clock.now(),
                "shop": {"name": SHOP_NAME.value()},
                "currency": "CNY",
                "features": settings.FEATURES,
            }
        )


class ProductListView(ReadView):
    @extend_schema(
        operation_id="products_list",
        parameters=[serializers.ProductQuery],
        responses={200: serializers.ProductPageOut, 304: None, 400: ErrorOut},
    )
    def get(self, request: HttpRequest) -> bytes:
        now = clock.now()
        page = read_page(
            name=_question("products", request),
            query=lambda: ListQuery(**query_of(serializers.ProductQuery, request)),
            now=now,
        )
        return _page(cards(product_ids=page.product_ids, now=now), page.next_cursor)


class ProductDetailView(ReadView):
    @extend_schema(operation_id="products_retrieve", responses={200: serializers.ProductOut, 304: None, 404: ErrorOut})
    def get(self, request: HttpRequest, product_id: int) -> bytes:
        return _found(detail(product_id=product_id, now=clock.now()))


class RelatedProductsView(ReadView):
    @extend_schema(
        operation_id="products_related", responses={200: serializers.ProductPageOut, 304: None, 404: ErrorOut}
    )
    def get(self, request: HttpRequest, product_id: int) -> bytes:
        now = clock.now()
        _found(detail(product_id=product_id, now=now))
        return _page(cards(product_ids=related_ids(product_id=product_id, now=now), now=now), None)


class CategoryTreeView(ReadView):
    @extend_schema(
        operation_id="categories_list", responses={200: serializers.CategoryTreeOut, 304: None, 405: ErrorOut}
    )
    def get(self, request: HttpRequest) -> bytes:
        return taxonomy.category_tree(now=clock.now())


class BrandListView(ReadView):
    @extend_schema(
        operation_id="brands_list",
        parameters=[PageQuery],
        responses={200: serializers.BrandPageOut, 304: None, 400: ErrorOut},
    )
    def get(self, request: HttpRequest) -> bytes:
        return taxonomy.brand_page(name=_question("brands", request), wanted=_slice_of(request), now=clock.now())


class CollectionListView(ReadView):
    @extend_schema(
        operation_id="collections_list",
        parameters=[PageQuery],
        responses={200: serializers.CollectionPageOut, 304: None, 400: ErrorOut},
    )
    def get(self, request: HttpRequest) -> bytes:
        name = _question("collections", request)
        return taxonomy.collection_page(name=name, wanted=_slice_of(request), now=clock.now())


class CollectionDetailView(ReadView):
    @extend_schema(
        operation_id="collections_retrieve", responses={200: serializers.CollectionOut, 304: None, 404: ErrorOut}
    )
    def get(self, request: HttpRequest, collection_id: int) -> bytes:
        return _found(taxonomy.collection_detail(collection_id=collection_id, now=clock.now()))


def _question(kind: str, request: HttpRequest) -> str:
    """The query string names the answer in the cache, so that a known question is not even parsed."""
    asked = request.META.get("QUERY_STRING", "")
    if len(asked) > LONGEST_NAME:
        asked = blake2b(asked.encode(), digest_size=16).hexdigest()
    return f"{kind}?{asked}"


def _slice_of(request: HttpRequest) -> taxonomy.Slice:
    def wanted() -> tuple[str | None, int]:
        query = query_of(PageQuery, request)
        return query.get("cursor"), query["limit"]

    return wanted


def _found(body: bytes | None) -> bytes:
    if body is None:
        raise NotFound
    return body


def _page(items: list[bytes], next_cursor: str | None) -> bytes:
    return b'{"items":[' + b",".join(items) + b'],"next_cursor":' + orjson.dumps(next_cursor) + b"}"
