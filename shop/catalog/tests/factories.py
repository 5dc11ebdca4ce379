"""Products with few defaults, made by the services."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from shop.catalog.models import Brand, Category, Product, Sku
from shop.catalog.services.products import SkuInput, create_product
from shop.core.actors import Actor

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
