"""Writing products: what is refused changes nothing, what is changed is audited and leaves nothing stale."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import F

from shop.catalog.errors import CodeTaken, InvalidPrice, InvalidShelfWindow, ProductWithoutSku
from shop.catalog.models import Product, ProductImage, Sku, SkuStock
from shop.catalog.services.changes import products_changed
from shop.catalog.services.images import StoredImage
from shop.catalog.services.products import (
    SkuInput,
    add_skus,
    adjust_prices,
    change_prices,
    put_on_shelf,
    take_off_shelf,
    update_product,
    update_sku,
)
from shop.catalog.tests.factories import CLERK, NOW, make_brand, make_category, make_product
from shop.core.actors import Actor
from shop.core.errors import NotFound
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


def lowest(product: Product) -> int:
    return Product.objects.values_list("min_price_fen", flat=True).get(pk=product.pk)


def test_create_product_keeps_everything_it_was_given():
    category, brand = make_category(), make_brand()
    product = make_product(
        code="TEA-1",
        name="明前龙井",
        name_en="Pre-Qingming Longjing",
        category_id=category.pk,
        brand_id=brand.pk,
        limit_per_order=5,
        images=[StoredImage("products/ab/a.jpg", "products/ab/a.thumb.webp", 800, 800)],
        skus=[
            SkuInput(code="TEA-1-50", price_fen=12800, options={"净含量": "50g"}, weight_g=80),
            SkuInput(code="TEA-1-100", price_fen=22800, options={"净含量": "100g"}, cost_fen=9000),
        ],
    )
    product.refresh_from_db()
    assert (product.code, product.category_id, product.brand_id, product.limit_per_order) == (
        "TEA-1",
        category.pk,
        brand.pk,
        5,
    )
    assert (product.min_price_fen, product.created_at, product.on_shelf) == (12800, NOW, True)
    assert list(product.skus.order_by("code").values_list("code", "price_fen", "cost_fen", "weight_g")) == [
        ("TEA-1-100", 22800, 9000, 0),
        ("TEA-1-50", 12800, None, 80),
    ]
    assert ProductImage.objects.get(product=product).thumbnail.name == "products/ab/a.thumb.webp"
    assert set(SkuStock.objects.values_list("sku__code", "available")) == {("TEA-1-50", 0), ("TEA-1-100", 0)}


def test_a_taken_product_code_is_refused_and_nothing_is_kept():
    make_product(code="A")
    with pytest.raises(CodeTaken):
        make_product(code="A", skus=[SkuInput(code="NEW", price_fen=100)])
    assert not Sku.objects.filter(code="NEW").exists()


@pytest.mark.parametrize("codes", [("TAKEN",), ("TWICE", "TWICE")])
def test_a_taken_sku_code_is_refused_and_nothing_is_kept(codes):
    make_product(code="A", skus=[SkuInput(code="TAKEN", price_fen=100)])
    with pytest.raises(CodeTaken) as refusal:
        make_product(code="B", skus=[SkuInput(code=code, price_fen=100) for code in codes])
    assert refusal.value.data == {"value": codes[0]}
    assert not Product.objects.filter(code="B").exists()


@pytest.mark.parametrize("price_fen", [-1, 1_000_000_001, 10**12])
def test_impossible_prices_are_refused(price_fen):
    with pytest.raises(InvalidPrice):
        make_product(code="A", prices=[price_fen])
    product = make_product(code="B", prices=[500])
    with pytest.raises(InvalidPrice):
        change_prices(prices={product.skus.get().pk: price_fen}, actor=CLERK, now=NOW)
    assert not Product.objects.filter(code="A").exists()
    assert lowest(product) == 500


def test_lowest_price_follows_the_sold_skus():
    product = make_product(prices=[900, 500])
    expensive, cheap = product.skus.order_by("code")
    change_prices(prices={cheap.pk: 450}, actor=CLERK, now=NOW)
    assert lowest(product) == 450
    update_sku(sku_id=cheap.pk, is_active=False, actor=CLERK, now=NOW)
    assert lowest(product) == 900
    add_skus(product_id=product.pk, skus=[SkuInput(code="NEW", price_fen=100)], actor=CLERK, now=NOW)
    assert lowest(product) == 100
    for sku in product.skus.all():
        update_sku(sku_id=sku.pk, is_active=False, actor=CLERK, now=NOW)
    assert lowest(product) == 0


def test_every_new_sku_has_a_stock_row_and_a_second_look_keeps_its_amounts():
    product = make_product()
    SkuStock.objects.filter(sku__product=product).update(available=7)
    with transaction.atomic():
        products_changed(product_ids=[product.pk])
    assert SkuStock.objects.get(sku__product=product).available == 7


@pytest.mark.parametrize(
    ("change_bp", "expected"),
    [(1000, [110, 11]), (-1000, [90, 9]), (-10_000, [0, 0]), (50, [101, 10]), (-500, [95, 10])],
)
def test_prices_are_adjusted_half_up_to_the_fen(change_bp, expected):
    product = make_product(prices=[100, 10])
    adjust_prices(product_ids=[product.pk], change_bp=change_bp, actor=CLERK, now=NOW)
    assert list(product.skus.order_by("code").values_list("price_fen", flat=True)) == expected
    assert lowest(product) == min(expected)


def test_an_adjustment_out_of_range_changes_no_price():
    product = make_product(prices=[100, 900_000_000])
    with pytest.raises(InvalidPrice):
        adjust_prices(product_ids=[product.pk], change_bp=5000, actor=CLERK, now=NOW)
    assert list(product.skus.order_by("code").values_list("price_fen", flat=True)) == [100, 900_000_000]


def test_shelf_state_and_window():
    product = make_product(on_shelf=False)
    until = NOW + timedelta(days=3)
    assert put_on_shelf(product_ids=[product.pk], shelf_from=NOW, shelf_until=until, actor=CLERK, now=NOW) == 1
    assert put_on_shelf(product_ids=[product.pk], shelf_from=NOW, shelf_until=until, actor=CLERK, now=NOW) == 0
    product.refresh_from_db()
    assert (product.on_shelf, product.shelf_from, product.shelf_until) == (True, NOW, until)
    assert take_off_shelf(product_ids=[product.pk], actor=CLERK, now=NOW) == 1
    product.refresh_from_db()
    assert (product.on_shelf, product.shelf_from) == (False, NOW)


def test_an_empty_shelf_window_is_refused():
    product = make_product(on_shelf=False)
    with pytest.raises(InvalidShelfWindow):
        put_on_shelf(product_ids=[product.pk], shelf_from=NOW, shelf_until=NOW, actor=CLERK, now=NOW)
    assert not Product.objects.get().on_shelf


def test_one_product_without_a_sold_sku_keeps_all_off_the_shelf():
    fine = make_product(on_shelf=False)
    bare = make_product(on_shelf=False, skus=[SkuInput(code="X", price_fen=1, is_active=False)])
    with pytest.raises(ProductWithoutSku):
        put_on_shelf(product_ids=[fine.pk, bare.pk], actor=CLERK, now=NOW)
    assert not Product.objects.filter(on_shelf=True).exists()


def test_history_says_who_when_and_what():
    product = make_product(name="旧名", prices=[100])
    sku = product.skus.get()
    later = NOW + timedelta(hours=1)
    update_product(product_id=product.pk, name="新名", actor=CLERK, now=later)
    change_prices(prices={sku.pk: 80}, actor=CLERK, now=later)
    assert list(product.history.values_list("name", "history_change_reason", "history_date")) == [
        ("新名", "staff:clerk", later),
        ("旧名", "staff:clerk", NOW),
    ]
    assert list(sku.history.values_list("price_fen", "history_change_reason")) == [
        (80, "staff:clerk"),
        (100, "staff:clerk"),
    ]


def test_updating_a_product_leaves_the_columns_of_others_alone():
    product = make_product()
    Product.objects.filter(pk=product.pk).update(sales=41)
    stale = Product.objects.get(pk=product.pk)
    Product.objects.filter(pk=product.pk).update(sales=F("sales") + 1)
    update_product(product_id=stale.pk, subtitle="新茶上市", actor=CLERK, now=NOW)
    assert Product.objects.values_list("sales", "subtitle").get() == (42, "新茶上市")


def test_unknown_ids_are_not_found():
    with pytest.raises(NotFound):
        update_product(product_id=404, name="x", actor=CLERK, now=NOW)
    with pytest.raises(NotFound):
        update_sku(sku_id=404, weight_g=1, actor=CLERK, now=NOW)


def change_price_unguarded(*, prices: dict[int, int], actor: Actor, now: datetime) -> None:
    """What `change_prices` does, without locking the product; the wait holds the race window open."""
    (sku_id, price_fen), *_ = prices.items()
    with transaction.atomic():
        Sku.objects.filter(pk=sku_id).update(price_fen=price_fen)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        products_changed(product_ids=[Sku.objects.get(pk=sku_id).product_id])


def lowest_after_race(change) -> int:
    product = make_product(prices=[100, 100])
    ids = product.skus.order_by("pk").values_list("pk", flat=True)
    changes = [
        partial(change, prices={pk: price}, actor=CLERK, now=NOW) for pk, price in zip(ids, (300, 500), strict=True)
    ]
    assert not any(isinstance(result, Exception) for result in run_together(*changes))
    return lowest(product)


@pytest.mark.django_db(transaction=True)
def test_two_prices_changed_at_once_agree_on_the_lowest():
    assert [lowest_after_race(change_prices) for _ in range(8)] == [300] * 8


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_lowest_price_goes_wrong():
    assert any(lowest_after_race(change_price_unguarded) != 300 for _ in range(12))


@pytest.mark.django_db
def test_options_keep_the_order_in_which_they_were_given():
    options = {"尺码": "L", "颜色": "红", "材质": "棉", "a": "1"}
    sku = make_product(skus=[SkuInput(code="ORDERED-1", price_fen=100, options=options)]).skus.get()
    sku.refresh_from_db()
    assert list(sku.options.items()) == list(options.items())
    assert sku.options_label == "L 红 棉 1"
    assert list(Sku.objects.values_list("options", flat=True)) == [options]
    assert list(sku.history.latest().options) == list(options)
