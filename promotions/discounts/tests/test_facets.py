"""What the storefront shows of discounts, from publication to the end, through the API that fronts read."""

import pytest

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.services.lifecycle import pause_campaign
from promotions.discounts.facets import running_discounts
from promotions.discounts.services.giving_back import release_discounts
from promotions.discounts.services.using import OfferUse, UnitUse, claim_spend_offers, claim_timed_discounts
from promotions.discounts.tests.making import AUTHOR, DAY, HOUR, NOW, draft_discount, draft_offer, line, published
from shop.catalog.facets import FacetSubject
from shop.catalog.models import Product, Sku, SkuStock
from shop.catalog.tests.factories import SkuFactory, make_category, make_product, make_sku
from shop.core import clock
from shop.core.models import OutboxEntry

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


def took(discount, sku, number, *, units=1, fen=1000, offer=None, gifts=None):
    member = MemberFactory()
    if offer:
        use = OfferUse(offer.pk, fen, gifts or {})
        return claim_spend_offers(order_number=number, member_id=member.pk, uses=[use], now=NOW)
    use = UnitUse(discount.pk, line(sku, units), units, fen * units)
    return claim_timed_discounts(order_number=number, member_id=member.pk, uses=[use], now=NOW)


def told():
    """How often the catalogue was told that something changed."""
    return OutboxEntry.objects.filter(fact__contains="CatalogChanged").values("event_id").distinct().count()


def test_a_discount_whose_units_are_gone_is_shown_no_more_until_one_comes_back(api, django_capture_on_commit_callbacks):
    sku = make_sku(price_fen=5000)
    address = f"/api/v1/products/{sku.product_id}"

    def seen():
        (card,) = api.get("/api/v1/products").json()["items"]
        page = api.get(address).json()
        assert page["activities"] == card["activities"]
        return shown(page["activities"])

    with clock.fixed(NOW), django_capture_on_commit_callbacks(execute=True):
        discount = published(draft_discount({"sku": sku, "price_fen": 4000, "quota": 3}))
    with clock.fixed(NOW):
        assert seen() == [("timed_discount", 4000)]
        before = told()
        with django_capture_on_commit_callbacks(execute=True):
            took(discount, sku, "D1", units=2)
        assert (seen(), told()) == ([("timed_discount", 4000)], before)
        with django_capture_on_commit_callbacks(execute=True):
            took(discount, sku, "D2")
        assert (seen(), told()) == ([], before + 1)
        with django_capture_on_commit_callbacks(execute=True):
            release_discounts(order_number="D1", now=NOW)
        assert (seen(), told()) == ([("timed_discount", 4000)], before + 2)
        with django_capture_on_commit_callbacks(execute=True):
            release_discounts(order_number="D2", now=NOW)
        assert (seen(), told()) == ([("timed_discount", 4000)], before + 2)


def test_of_what_is_sold_out_only_that_is_not_shown():
    tea = make_category()
    small, large = make_product(prices=[5000, 9000], category_id=tea.pk).skus.order_by("pk")
    rows = {"sku": small, "price_fen": 4000, "quota": 1}, {"category": tea, "off_bp": 1000}
    discount = published(draft_discount(*rows))
    assert shown(facets(small.product).activities) == [("timed_discount", 4000)]
    took(discount, small, "D1")
    # The narrower row holds for the small one although it is sold out; ten percent off the large one stay.
    assert shown(facets(large.product).activities) == [("timed_discount", 8100)]


def test_a_discount_whose_money_does_not_reach_for_one_more_is_shown_no_more(django_assert_num_queries):
    sku, cheap = make_sku(price_fen=5000), make_sku(price_fen=1000)
    rows = {"sku": sku, "price_fen": 4000}, {"sku": cheap, "price_fen": 700}
    discount = published(draft_discount(*rows, budget_fen=2500))
    before = told()
    took(discount, sku, "D1")
    assert (shown(facets(sku.product).activities), told()) == ([("timed_discount", 4000)], before)
    took(discount, sku, "D2")
    # ¥5 are left: ¥10 more cannot be taken off, ¥3 can.
    assert (facets(sku.product).activities, told()) == ((), before + 1)
    assert shown(facets(cheap.product).activities) == [("timed_discount", 700)]
    subjects = [subject(sku.product), subject(cheap.product)]
    with django_assert_num_queries(3):
        running_discounts(products=subjects, now=NOW)
    release_discounts(order_number="D2", now=NOW)
    assert (shown(facets(sku.product).activities), told()) == ([("timed_discount", 4000)], before + 2)


def test_an_offer_is_shown_as_long_as_one_of_its_tiers_gives_something():
    sku, gift = make_sku(price_fen=5000), SkuFactory(price_fen=900, stock=5)
    offer = published(draft_offer({"threshold_fen": 4000, "gift_sku": gift, "gift_quota": 1}, sku_ids=[sku.pk]))
    assert shown(facets(sku.product).activities) == [("spend_offer", None)]
    took(None, sku, "D1", offer=offer, fen=0, gifts={offer.tiers.get().pk: 1})
    assert facets(sku.product).activities == ()
    release_discounts(order_number="D1", now=NOW)
    assert shown(facets(sku.product).activities) == [("spend_offer", None)]
    SkuStock.objects.filter(sku=gift).update(available=0)
    assert facets(sku.product).activities == ()


def test_an_offer_whose_money_is_gone_is_shown_no_more():
    sku = make_sku(price_fen=5000)
    offer = published(draft_offer({"threshold_fen": 4000, "off_fen": 500}, sku_ids=[sku.pk], budget_fen=900))
    before = told()
    took(None, sku, "D1", offer=offer, fen=500)
    assert (facets(sku.product).activities, told()) == ((), before + 1)
