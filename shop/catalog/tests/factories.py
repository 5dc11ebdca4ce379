"""Catalogue data for tests of any room.

`make_*` go through the services; the factories write rows that a test wants in a given state (`SkuFactory(stock=3)`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import factory
from django.contrib.auth.models import Permission
from django.test import Client
from factory.django import DjangoModelFactory

from shop.catalog.models import Brand, Category, Collection, CollectionItem, Product, ProductImage, Sku, SkuStock
from shop.catalog.services.products import SkuInput, create_product
from shop.core.actors import Actor
from shop.core.models import StaffUser

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CLERK = Actor.staff("clerk")
_numbers = count(1)


def make_category(name: str = "茶叶", *, parent: Category | None = None, **fields: Any) -> Category:
    category = Category(name=name, slug=fields.pop("slug", f"category-{next(_numbers)}"), **fields)
    if parent is None:
        return Category.objects.add_root(instance=category)
    return Category.objects.add_child(parent, instance=category)


def make_brand(name: str = "山水间", **fields: Any) -> Brand:
    return Brand.objects.create(name=name, slug=fields.pop("slug", f"brand-{next(_numbers)}"), **fields)


def make_product(*, prices: Sequence[int] = (9900,), skus: Sequence[SkuInput] = (), **fields: Any) -> Product:
    """A product with one SKU per price, on the shelf unless said otherwise; SKU codes are `<code>-1`, `<code>-2`, …"""
    code = fields.pop("code", f"P{next(_numbers)}")
    fields = {"name": "西湖龙井", "on_shelf": True, "actor": CLERK, "now": NOW, **fields}
    if "category_id" not in fields:
        fields["category_id"] = make_category().pk
    return create_product(
        code=code,
        skus=skus or [SkuInput(code=f"{code}-{n}", price_fen=price) for n, price in enumerate(prices, 1)],
        **fields,
    )


def make_sku(*, price_fen: int = 9900, **fields: Any) -> Sku:
    return make_product(prices=[price_fen], **fields).skus.get()


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"分类{n}")
    slug = factory.Sequence(lambda n: f"class-{n}")

    @classmethod
    def _create(
        cls, model_class: type[Category], *args: Any, parent: Category | None = None, **kwargs: Any
    ) -> Category:
        return make_category(parent=parent, **kwargs)


class BrandFactory(DjangoModelFactory[Brand]):
    class Meta:
        model = Brand

    name = factory.Sequence(lambda n: f"品牌{n}")
    slug = factory.Sequence(lambda n: f"brand-{n}")


class ProductFactory(DjangoModelFactory[Product]):
    """A product on the shelf, without SKUs."""

    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"P{n:05d}")
    name = factory.Sequence(lambda n: f"商品{n}")
    category = factory.SubFactory(CategoryFactory)
    on_shelf = True


class SkuFactory(DjangoModelFactory[Sku]):
    """A SKU of ¥100.00 with `stock` sellable units (10 unless told), of a product of its own unless told.

    The product's lowest price and count of SKUs in stock follow, as the services would keep them.
    """

    class Meta:
        model = Sku
        skip_postgeneration_save = True

    product = factory.SubFactory(ProductFactory)
    code = factory.Sequence(lambda n: f"S{n:05d}")
    price_fen = 10_000
    weight_g = 500

    @factory.post_generation
    def stock(sku: Sku, create: bool, units: int | None, **kwargs: Any) -> None:  # noqa: N805
        units = 10 if units is None else units
        SkuStock.objects.create(sku=sku, available=units, **kwargs)
        product = sku.product
        if not sku.is_active:
            return
        lowest = [price for price in [product.min_price_fen, sku.price_fen] if price]
        product.min_price_fen = min(lowest, default=0)
        product.skus_in_stock += units > kwargs.get("safety_stock", 0)
        product.save(update_fields=["min_price_fen", "skus_in_stock"])


class ProductImageFactory(DjangoModelFactory[ProductImage]):
    """An image by name only; the file itself is not written."""

    class Meta:
        model = ProductImage

    product = factory.SubFactory(ProductFactory)
    image = factory.Sequence(lambda n: f"products/{n}.webp")
    thumbnail = factory.Sequence(lambda n: f"products/thumbs/{n}.webp")


class CollectionFactory(DjangoModelFactory[Collection]):
    class Meta:
        model = Collection

    name = factory.Sequence(lambda n: f"专题{n}")
    slug = factory.Sequence(lambda n: f"collection-{n}")


class CollectionItemFactory(DjangoModelFactory[CollectionItem]):
    class Meta:
        model = CollectionItem

    collection = factory.SubFactory(CollectionFactory)
    product = factory.SubFactory(ProductFactory)


def staff_client(*codenames: str) -> Client:
    user = StaffUser.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client
