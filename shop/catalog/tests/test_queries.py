from datetime import timedelta

import pytest

from shop.catalog.queries import sku_snapshots
from shop.catalog.tests.factories import BrandFactory, ProductFactory, ProductImageFactory, SkuFactory
from shop.core import clock


@pytest.mark.django_db
def test_snapshots_tell_everything_about_skus_in_one_query(django_assert_num_queries):
    product = ProductFactory(name="西湖龙井", kind="goods", brand=BrandFactory(), limit_per_order=3, limit_per_member=5)
    ProductImageFactory(product=product, position=2)
    ProductImageFactory(product=product, position=1, thumbnail="products/thumbs/front.webp")
    tin = SkuFactory(
        product=product,
        code="TEA-TIN",
        options={"规格": "罐装", "净含量": "250g"},
        price_fen=19_900,
        cost_fen=8_000,
        weight_g=400,
        volume_cm3=900,
        stock=10,
        stock__safety_stock=4,
    )
    box = SkuFactory(image="skus/box.webp", stock=0)
    with django_assert_num_queries(1):
        found = sku_snapshots(sku_ids=[tin.pk, box.pk, 999_999], now=clock.now())
    assert set(found) == {tin.pk, box.pk}
    snapshot = found[tin.pk]
    assert (snapshot.code, snapshot.product_name, snapshot.options_label) == ("TEA-TIN", "西湖龙井", "罐装 250g")
    assert (snapshot.price_fen, snapshot.cost_fen, snapshot.weight_g, snapshot.volume_cm3) == (19_900, 8_000, 400, 900)
    assert (snapshot.kind, snapshot.limit_per_order, snapshot.limit_per_member) == ("goods", 3, 5)
    assert (snapshot.category_id, snapshot.brand_id) == (product.category_id, product.brand_id)
    assert snapshot.available == 6
    assert snapshot.on_sale is True
    assert snapshot.image_url == "/media/products/thumbs/front.webp"
    assert (found[box.pk].image_url, found[box.pk].available, found[box.pk].brand_id) == (
        "/media/skus/box.webp",
        0,
        None,
    )


@pytest.mark.django_db
def test_a_sku_is_on_sale_inside_the_half_open_shelf_window_only():
    opens = clock.now()
    closes = opens + timedelta(hours=1)
    sku = SkuFactory(product__shelf_from=opens, product__shelf_until=closes)

    def on_sale(at):
        return sku_snapshots(sku_ids=[sku.pk], now=at)[sku.pk].on_sale

    moment = timedelta(microseconds=1)
    assert [on_sale(at) for at in (opens - moment, opens, closes - moment, closes)] == [False, True, True, False]


@pytest.mark.django_db
def test_a_sku_or_product_that_was_taken_off_is_not_on_sale():
    inactive, hidden = SkuFactory(is_active=False), SkuFactory(product__on_shelf=False)
    found = sku_snapshots(sku_ids=[inactive.pk, hidden.pk], now=clock.now())
    assert [found[inactive.pk].on_sale, found[hidden.pk].on_sale] == [False, False]
