"""The member price that products show."""

import pytest

from members.tiers.models import Tier
from promotions.checkout.facets import member_prices
from shop.catalog.facets import FacetSubject
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db


def subject(*skus):
    first = skus[0].product
    return FacetSubject(first.pk, first.category_id, None, "goods", {sku.pk: sku.price_fen for sku in skus})


def discounts(**by_code):
    Tier.objects.update(discount_bp=0)
    for code, discount_bp in by_code.items():
        Tier.objects.filter(code=code).update(discount_bp=discount_bp)


def test_the_largest_discount_of_all_tiers_is_shown_down_to_the_floor(django_assert_num_queries):
    discounts(gold=500, diamond=1000)
    tea, cup = SkuFactory(price_fen=10_000), SkuFactory(price_fen=3999, floor_price_fen=3900)
    products = [subject(tea), subject(cup)]
    with django_assert_num_queries(2):
        found = member_prices(products=products, now=clock.now())
    assert found[tea.product_id].member_prices_fen == {tea.pk: 9000}
    assert found[cup.product_id].member_prices_fen == {cup.pk: 3900}


def test_without_a_discount_there_is_no_member_price(django_assert_num_queries):
    discounts()
    with django_assert_num_queries(1):
        assert member_prices(products=[FacetSubject(1, 1, None, "goods", {1: 500})], now=clock.now()) == {}


@pytest.mark.django_db(transaction=True)
def test_a_tier_that_changes_renews_what_products_show(client, api):
    discounts()
    sku = SkuFactory(price_fen=10_000, product__on_shelf=True)
    address = f"/api/v1/products/{sku.product_id}"
    assert api.get(address).json()["skus"][0]["member_price_fen"] is None
    client.force_login(StaffUser.objects.create_superuser("owner"))
    gold = Tier.objects.get(code="gold")
    form = {
        "name": gold.name,
        "name_en": gold.name_en,
        "points_multiplier_bp": 10_000,
        "discount_bp": 800,
        "birthday_points": 0,
        "priority": 0,
    }
    answer = client.post(f"/admin/tiers/tier/{gold.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert api.get(address).json()["skus"][0]["member_price_fen"] == 9200
