"""The catalogue's API as the schema tells it, and what a product list may be asked for."""

from typing import Any

from rest_framework import serializers

from shop.catalog.listing import ORDERINGS
from shop.core.api.pagination import PageQuery

LARGEST = 2**31 - 1


class ShopOut(serializers.Serializer[Any]):
    name = serializers.CharField()


class BootstrapOut(serializers.Serializer[Any]):
    server_time = serializers.DateTimeField()
    shop = ShopOut()
    currency = serializers.CharField()
    features = serializers.DictField(child=serializers.BooleanField(), help_text="What this installation offers.")


class ProductQuery(PageQuery):
    search = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Words in Chinese or English, or a code."
    )
    category = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST, help_text="Category id; what is below it is included."
    )
    brand = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    collection = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST, help_text="Collection id; its own order unless told otherwise."
    )
    min_price_fen = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)
    max_price_fen = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)
    in_stock = serializers.BooleanField(required=False, default=False, help_text="Only what can be bought now.")
    ordering = serializers.ChoiceField(
        required=False,
        choices=list(ORDERINGS),
        help_text="Without it: a search by relevance, a collection in its own order, anything else by sales.",
    )


class CategoryRefOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    name_en = serializers.CharField()


class BrandRefOut(CategoryRefOut):
    logo_url = serializers.CharField()


class ActivityOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.IntegerField()
    name = serializers.CharField(required=False)
    price_fen = serializers.IntegerField(allow_null=True, help_text="Null where the price depends on the cart.")
    points = serializers.IntegerField(required=False, help_text="Paid for each unit besides.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class ProductBaseOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="goods, service or virtual.")
    name = serializers.CharField()
    name_en = serializers.CharField()
    subtitle = serializers.CharField()
    category = CategoryRefOut()
    brand = BrandRefOut(allow_null=True)
    rating = serializers.FloatField(allow_null=True, help_text="0 to 5; null while there is no review.")
    review_count = serializers.IntegerField()
    sales = serializers.IntegerField()
    activities = ActivityOut(many=True)
    points_to_earn = serializers.IntegerField()


class ProductCardOut(ProductBaseOut):
    image_url = serializers.CharField()
    price_fen = serializers.IntegerField(help_text="Of the cheapest SKU.")
    market_price_fen = serializers.IntegerField(allow_null=True)
    member_price_fen = serializers.IntegerField(allow_null=True)
    available = serializers.IntegerField(help_text="Units of all SKUs together.")


class ProductImageOut(serializers.Serializer[Any]):
    url = serializers.CharField()
    thumbnail_url = serializers.CharField()


class SkuOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    code = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    price_fen = serializers.IntegerField()
    market_price_fen = serializers.IntegerField(allow_null=True)
    member_price_fen = serializers.IntegerField(allow_null=True)
    available = serializers.IntegerField()
    image_url = serializers.CharField()


class ProductOut(ProductBaseOut):
    description = serializers.CharField()
    images = ProductImageOut(many=True)
    skus = SkuOut(many=True)


class ProductPageOut(serializers.Serializer[Any]):
    items = ProductCardOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class BrandOut(BrandRefOut):
    slug = serializers.CharField()


class BrandPageOut(serializers.Serializer[Any]):
    items = BrandOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CategoryOut(CategoryRefOut):
    slug = serializers.CharField()
    image_url = serializers.CharField()
    children = serializers.ListField(child=serializers.DictField(), help_text="Categories of the same shape.")


class CategoryTreeOut(serializers.Serializer[Any]):
    items = CategoryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CollectionOut(CategoryRefOut):
    slug = serializers.CharField()
    description = serializers.CharField()
    banner_url = serializers.CharField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class CollectionPageOut(serializers.Serializer[Any]):
    items = CollectionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
