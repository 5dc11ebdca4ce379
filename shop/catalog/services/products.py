"""Products and their SKUs: creating, changing, pricing, putting on and off the shelf.

Always: a product's lowest price is the lowest of its sold SKUs, every SKU has a stock row, and what the front reads
(cache, search) changes in the same breath. Columns that others maintain (sales, rating, stock) are never written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import IntegrityError, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from shop.catalog.errors import CodeTaken, InvalidPrice, InvalidShelfWindow, ProductWithoutSku
from shop.catalog.locks import lock_products
from shop.catalog.models import Product, ProductImage, Sku
from shop.catalog.services.changes import products_changed
from shop.catalog.services.images import StoredImage
from shop.core.actors import Actor
from shop.core.errors import NotFound
from shop.core.transactions import use_case

MAX_PRICE_FEN = 1_000_000_000
BASIS_POINTS = 10_000


class ProductFields(TypedDict, total=False):
    """What describes a product; shelf state and SKUs have verbs of their own."""

    kind: str
    name: str
    name_en: str
    subtitle: str
    description: str
    category_id: int
    brand_id: int | None
    limit_per_order: int | None
    limit_per_member: int | None
    max_discount_bp: int


@dataclass(frozen=True, kw_only=True)
class SkuInput:
    """A new SKU; `image` is a name that `store_image` gave."""

    code: str
    price_fen: int
    options: Mapping[str, str] = field(default_factory=dict)
    market_price_fen: int | None = None
    cost_fen: int | None = None
    floor_price_fen: int | None = None
    weight_g: int = 0
    volume_cm3: int = 0
    image: str = ""
    is_active: bool = True
    position: int = 0


class SkuFields(TypedDict, total=False):
    """What can change of a SKU; its price changes through `change_prices`."""

    options: Mapping[str, str]
    market_price_fen: int | None
    cost_fen: int | None
    floor_price_fen: int | None
    weight_g: int
    volume_cm3: int
    image: str
    is_active: bool
    position: int


@use_case
def create_product(
    *,
    code: str,
    skus: Sequence[SkuInput],
    actor: Actor,
    now: datetime,
    images: Sequence[StoredImage] = (),
    on_shelf: bool = False,
    shelf_from: datetime | None = None,
    shelf_until: datetime | None = None,
    **fields: Unpack[ProductFields],
) -> Product:
    """Create a product with its SKUs and pictures, on the shelf or not.

    Raises CodeTaken, InvalidPrice, InvalidShelfWindow, ProductWithoutSku (on the shelf without a sold SKU).
    """
    check_shelf_window(shelf_from, shelf_until)
    product = Product(
        code=code, on_shelf=on_shelf, shelf_from=shelf_from, shelf_until=shelf_until, created_at=now, **fields
    )
    if on_shelf and not any(sku.is_active for sku in skus):
        raise ProductWithoutSku(name=product.name)
    sign(product, actor, now)
    _save_new(product, code=code)
    ProductImage.objects.bulk_create(
        ProductImage(product=product, image=each.name, thumbnail=each.thumbnail, position=position)
        for position, each in enumerate(images)
    )
    _create_skus(product, skus, actor=actor, now=now)
    products_changed(product_ids=[product.pk])
    product.refresh_from_db(fields=["min_price_fen"])
    return product


@use_case
def update_product(*, product_id: int, actor: Actor, now: datetime, **changes: Unpack[ProductFields]) -> Product:
    """Change what describes a product. Raises NotFound."""
    product = _locked(product_id)
    for name, value in changes.items():
        setattr(product, name, value)
    sign(product, actor, now)
    product.save(update_fields=[*changes, "updated_at"])
    products_changed(product_ids=[product.pk])
    return product


@use_case
def add_skus(*, product_id: int, skus: Sequence[SkuInput], actor: Actor, now: datetime) -> list[Sku]:
    """Give a product further SKUs. Raises NotFound, CodeTaken, InvalidPrice."""
    product = _locked(product_id)
    created = _create_skus(product, skus, actor=actor, now=now)
    products_changed(product_ids=[product.pk])
    return created


@use_case
def update_sku(*, sku_id: int, actor: Actor, now: datetime, **changes: Unpack[SkuFields]) -> Sku:
    """Change a SKU except its price. Raises NotFound, InvalidPrice."""
    product_id = Sku.objects.filter(pk=sku_id).values_list("product_id", flat=True).first()
    if product_id is None:
        raise NotFound
    _locked(product_id)
    sku = Sku.objects.get(pk=sku_id)
    for name, value in changes.items():
        setattr(sku, name, value)
    check_price(sku.market_price_fen)
    check_price(sku.cost_fen)
    check_price(sku.floor_price_fen)
    sign(sku, actor, now)
    sku.save(update_fields=list(changes))
    products_changed(product_ids=[product_id])
    return sku


@use_case
def change_prices(*, prices: Mapping[int, int], actor: Actor, now: datetime) -> int:
    """Set the price of each SKU (id → fen); returns how many changed. Raises InvalidPrice."""
    for price_fen in prices.values():
        check_price(price_fen)
    lock_products(product_ids=_products_of(prices))
    skus = list(Sku.objects.filter(pk__in=prices).order_by("pk"))
    return _set_prices({sku: prices[sku.pk] for sku in skus}, actor=actor, now=now)


@use_case
def adjust_prices(*, product_ids: Iterable[int], change_bp: int, actor: Actor, now: datetime) -> int:
    """Raise or lower every price of these products by basis points of itself, rounded half up to the fen.

    Returns how many SKUs changed. Raises InvalidPrice when a price would leave the possible range.
    """
    locked = lock_products(product_ids=product_ids)
    skus = Sku.objects.filter(product__in=locked).order_by("pk")
    return _set_prices({sku: adjusted_price(sku.price_fen, change_bp) for sku in skus}, actor=actor, now=now)


def adjusted_price(price_fen: int, change_bp: int) -> int:
    return (price_fen * (BASIS_POINTS + change_bp) + BASIS_POINTS // 2) // BASIS_POINTS


@use_case
def put_on_shelf(
    *,
    product_ids: Iterable[int],
    actor: Actor,
    now: datetime,
    shelf_from: datetime | None = None,
    shelf_until: datetime | None = None,
) -> int:
    """Put products on the shelf, in a half-open window if given; returns how many were not there already so.

    Raises ProductWithoutSku, InvalidShelfWindow; then none is changed.
    """
    check_shelf_window(shelf_from, shelf_until)
    products = lock_products(product_ids=product_ids)
    sold = set(Sku.objects.filter(product__in=products, is_active=True).values_list("product_id", flat=True))
    for product in products:
        if product.pk not in sold:
            raise ProductWithoutSku(name=product.name)
    return _set_shelf(products, on_shelf=True, window=(shelf_from, shelf_until), actor=actor, now=now)


@use_case
def take_off_shelf(*, product_ids: Iterable[int], actor: Actor, now: datetime) -> int:
    """Take products off the shelf, at once; returns how many were on it."""
    products = lock_products(product_ids=product_ids)
    return _set_shelf(products, on_shelf=False, window=None, actor=actor, now=now)


def check_price(price_fen: int | None) -> None:
    if price_fen is not None and not 0 <= price_fen <= MAX_PRICE_FEN:
        raise InvalidPrice


def check_shelf_window(shelf_from: datetime | None, shelf_until: datetime | None) -> None:
    if shelf_from and shelf_until and shelf_until <= shelf_from:
        raise InvalidShelfWindow


def sign(instance: Product | Sku, actor: Actor, now: datetime) -> None:
    """Say in the history entry that the next save writes who did it and when."""
    vars(instance).update(_change_reason=str(actor)[:100], _history_date=now)


def _locked(product_id: int) -> Product:
    products = lock_products(product_ids=[product_id])
    if not products:
        raise NotFound
    return products[0]


def _products_of(sku_ids: Iterable[int]) -> list[int]:
    return list(Sku.objects.filter(pk__in=sku_ids).values_list("product_id", flat=True))


def _save_new(product: Product, *, code: str) -> None:
    try:
        with transaction.atomic():
            product.save(force_insert=True)
    except IntegrityError as error:
        if Product.objects.filter(code=code).exists():
            raise CodeTaken(value=code) from error
        raise


def _create_skus(product: Product, skus: Sequence[SkuInput], *, actor: Actor, now: datetime) -> list[Sku]:
    for sku in skus:
        check_price(sku.price_fen)
        check_price(sku.market_price_fen)
        check_price(sku.cost_fen)
        check_price(sku.floor_price_fen)
    rows = [Sku(product=product, **asdict(sku)) for sku in skus]
    try:
        with transaction.atomic():
            return bulk_create_with_history(rows, Sku, default_change_reason=str(actor)[:100], default_date=now)
    except IntegrityError as error:
        taken = Sku.objects.filter(code__in=[sku.code for sku in skus]).values_list("code", flat=True).first()
        raise CodeTaken(value=taken or _twice(skus)) from error


def _twice(skus: Sequence[SkuInput]) -> str:
    codes = [sku.code for sku in skus]
    return next((code for code in codes if codes.count(code) > 1), "")


def _set_prices(prices: Mapping[Sku, int], *, actor: Actor, now: datetime) -> int:
    changed = [sku for sku, price_fen in prices.items() if sku.price_fen != price_fen]
    for sku in changed:
        check_price(prices[sku])
        sku.price_fen = prices[sku]
    if changed:
        bulk_update_with_history(
            changed, Sku, ["price_fen"], default_change_reason=str(actor)[:100], default_date=now, batch_size=1000
        )
        products_changed(product_ids=[sku.product_id for sku in changed])
    return len(changed)


def _set_shelf(
    products: Sequence[Product],
    *,
    on_shelf: bool,
    window: tuple[datetime | None, datetime | None] | None,
    actor: Actor,
    now: datetime,
) -> int:
    changed = []
    for product in products:
        wanted = (on_shelf, *(window if window is not None else (product.shelf_from, product.shelf_until)))
        if (product.on_shelf, product.shelf_from, product.shelf_until) != wanted:
            product.on_shelf, product.shelf_from, product.shelf_until = wanted
            product.updated_at = now
            changed.append(product)
    if changed:
        bulk_update_with_history(
            changed,
            Product,
            ["on_shelf", "shelf_from", "shelf_until", "updated_at"],
            default_change_reason=str(actor)[:100],
            default_date=now,
            batch_size=1000,
        )
        products_changed(product_ids=[product.pk for product in changed])
    return len(changed)
