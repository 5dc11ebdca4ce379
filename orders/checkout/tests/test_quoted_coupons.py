"""What a merchant writes into a coupon template is what its holder is quoted over HTTP."""

import pytest

from orders.checkout.tests.making import buyer, items, quote
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_coupon, make_live_template
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def tea() -> Sku:
    return SkuFactory(price_fen=3990)


@pytest.fixture
def cup() -> Sku:
    return SkuFactory(price_fen=1250)


def held(member, **fields) -> Coupon:
    now = clock.now()
    return make_coupon(member, template=make_live_template(**{"threshold_fen": 0, **fields}), now=now)


def quoted(client, coupon, *wanted):
    answer = quote(client, {"items": items(*wanted), "coupon_ids": [coupon.pk]})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_coupon_from_three_units_on_counts_the_units_that_it_is_for(client, member, tea, cup):
    coupon = held(member, threshold_count=3, sku_ids=[tea.pk])
    short = quoted(client, coupon, (tea, 2), (cup, 5))
    assert (short["discount_fen"], short["goods_fen"]) == (0, 14_230)
    assert [(each["id"], each["code"], each["message"]) for each in short["rejected"]] == [
        (coupon.pk, "coupon_threshold_not_met", "再加 1 件可用")
    ]
    enough = quoted(client, coupon, (tea, 3), (cup, 5))
    assert (enough["discount_fen"], enough["goods_fen"], enough["rejected"]) == (2000, 18_220, [])
    assert [(line["sku_id"], line["payable_fen"]) for line in enough["lines"]] == [(tea.pk, 9970), (cup.pk, 6250)]


@pytest.mark.parametrize(("pay_fen", "off_fen"), [(990, 3000), (0, 3990), (3990, 0), (5000, 0)])
def test_an_exchange_leaves_its_price_to_pay_for_one_unit(client, member, tea, cup, pay_fen, off_fen):
    coupon = held(member, kind="exchange", amount_off_fen=None, exchange_sku=tea, exchange_price_fen=pay_fen)
    body = quoted(client, coupon, (cup, 1), (tea, 2))
    assert body["discount_fen"] == off_fen
    assert [line["payable_fen"] for line in body["lines"]] == [1250, 7980 - off_fen]
    assert [each["code"] for each in body["rejected"]] == ([] if off_fen else ["coupon_without_effect"])


def test_an_exchange_coupon_is_for_what_is_in_the_cart(client, member, tea, cup):
    coupon = held(member, kind="exchange", amount_off_fen=None, exchange_sku=tea, exchange_price_fen=990)
    body = quoted(client, coupon, (cup, 1))
    assert (body["discount_fen"], [each["code"] for each in body["rejected"]]) == (0, ["coupon_out_of_scope"])
