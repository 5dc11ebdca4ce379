"""What the storefront shows of discounts, from publication to the end, through the API that fronts read."""

import pytest

from promotions.campaigns.services.lifecycle import pause_campaign
from promotions.discounts.facets import running_discounts
from promotions.discounts.tests.making import AUTHOR, DAY, HOUR, NOW, draft_discount, draft_offer, published
from shop.catalog.facets import FacetSubject
from shop.catalog.models import Product, Sku
from shop.catalog.tests.factories import make_category, make_product, make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db


def subject(product):
    prices = dict(product.skus.values_list("pk", "price_fen"))
    return FacetSubject(product.pk, product.category_id, None, product.kind, prices)


def facets(product, now=NOW):
    return running_discounts(products=[subject(product)], now=now)[product.pk]


def shown(activities):
    return [(each["kind"], each["price_fen"]) for each in activities]


def test_a_product_shows_the_lowest_price_of_each_discount_and_its_offers():
    tea = make_category()
    small, large = make_product(prices=[5000, 9000], category_id=tea.pk).skus.order_by("pk")
    discount = published(draft_discount({"sku": large, "price_fen": 4800}, {"category": tea, "off_bp": 1001}))
    offer = published(draft_offer({"threshold_fen": 10000, "off_fen": 1000}, category_ids=[tea.pk]))
    published(draft_offer({"threshold_fen": 10000, "off_fen": 9000}, category_ids=[tea.pk], tier_ids=[3]))
    found = facets(small.product)
    # 10.01 percent of 5000 is 500.5, which takes 500 off: 4500 is less than 4800.
    assert [dict(each) for each in found.activities] == [
        {
            "kind": "timed_discount",
            "id": discount.pk,
            "name": "双十一",
            "price_fen": 4500,
            "starts_at": NOW,
            "ends_at": NOW + DAY,
        },
        {
            "kind": "spend_offer",
            "id": offer.pk,
            "name": "满减",
            "price_fen": None,
            "starts_at": NOW,
            "ends_at": NOW + DAY,
        },
    ]
    assert found.valid_until == NOW + DAY
    assert facets(make_sku().product).activities == ()


def test_what_is_shown_holds_until_the_next_start_or_end():
    sku = make_sku(price_fen=5000)
    published(draft_discount({"sku": sku, "off_bp": 1000}, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR))
    published(draft_discount({"sku": sku, "off_bp": 2000}, starts_at=NOW, ends_at=NOW + 2 * HOUR))
    before, between, after = (facets(sku.product, NOW + hours * HOUR) for hours in (0, 1, 2))
    assert (shown(before.activities), before.valid_until) == ([("timed_discount", 4000)], NOW + HOUR)
    assert sorted(shown(between.activities)) == [("timed_discount", 4000), ("timed_discount", 4500)]
    assert between.valid_until == NOW + 2 * HOUR
    assert (shown(after.activities), after.valid_until) == ([("timed_discount", 4500)], NOW + 3 * HOUR)
    assert facets(sku.product, NOW + 3 * HOUR).activities == ()


def test_no_lower_price_is_shown_than_the_goods_may_have():
    sku, other = make_sku(price_fen=5000), make_sku(price_fen=5000)
    Sku.objects.filter(pk=sku.pk).update(floor_price_fen=3500)
    Product.objects.filter(pk=other.product_id).update(max_discount_bp=2000)
    published(draft_discount({"sku": sku, "price_fen": 3000}, {"sku": other, "off_bp": 5000}))
    assert shown(facets(sku.product).activities) == [("timed_discount", 3500)]
    assert shown(facets(other.product).activities) == [("timed_discount", 4000)]


def test_a_page_of_products_costs_one_query_and_one_more_where_something_is_discounted(django_assert_num_queries):
    products = [make_sku().product for _ in range(8)]
    published(draft_discount({"product": products[0], "off_bp": 1000}))
    running_discounts(products=[], now=NOW)
    subjects = [subject(each) for each in products]
    with django_assert_num_queries(2):
        found = running_discounts(products=subjects, now=NOW)
    assert [len(found[each.pk].activities) for each in products] == [1] + [0] * 7
    with django_assert_num_queries(1):
        running_discounts(products=subjects[1:], now=NOW)


def test_fronts_see_it_at_once_and_no_longer_when_it_is_paused(api, django_capture_on_commit_callbacks):
    sku = make_sku(price_fen=5000)
    address = f"/api/v1/products/{sku.product_id}"
    with clock.fixed(NOW):
        assert api.get(address).json()["activities"] == []
        with django_capture_on_commit_callbacks(execute=True):
            discount = published(draft_discount({"sku": sku, "price_fen": 4000}))
        (activity,) = api.get(address).json()["activities"]
        assert (activity["kind"], activity["id"], activity["price_fen"]) == ("timed_discount", discount.pk, 4000)
        (card,) = api.get("/api/v1/products").json()["items"]
        assert card["activities"] == [activity]
        with django_capture_on_commit_callbacks(execute=True):
            pause_campaign(kind=discount.KIND, pk=discount.pk, actor=AUTHOR, now=NOW)
        assert api.get(address).json()["activities"] == []
    with clock.fixed(NOW):
        with django_capture_on_commit_callbacks(execute=True):
            published(draft_discount({"sku": sku, "price_fen": 3000}, ends_at=NOW + HOUR))
        assert len(api.get(address).json()["activities"]) == 1
    with clock.fixed(NOW + HOUR):
        assert api.get(address).json()["activities"] == []
