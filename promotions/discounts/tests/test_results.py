"""The result page of timed discounts and spend offers: what paid orders took, brought in and cost, day by day."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.results import result_of
from promotions.campaigns.services.first_purchases import confirm_first_purchase
from promotions.discounts.services.giving_back import release_discounts
from promotions.discounts.services.using import (
    OfferUse,
    UnitUse,
    claim_spend_offers,
    claim_timed_discounts,
    confirm_discounts,
)
from promotions.discounts.tests.making import DAY, NOW, draft_discount, draft_offer, line, published
from shop.catalog.tests.factories import SkuFactory, make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.fixed(NOW):
        yield


def test_the_result_counts_what_paid_orders_took(admin_client):
    gift, sku = SkuFactory(stock=9, price_fen=900, cost_fen=300), make_sku(price_fen=5000)
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}))
    offer = published(draft_offer({"threshold_fen": 4000, "off_fen": 500, "gift_sku": gift}))
    new, old, unpaid, given_up = MemberFactory.create_batch(4)
    confirm_first_purchase(member_id=old.pk, order_number="D0", now=NOW - DAY)
    for number, member in (("D1", new), ("D2", old), ("D3", unpaid), ("D4", given_up)):
        claim_timed_discounts(
            order_number=number, member_id=member.pk, uses=[UnitUse(discount.pk, line(sku), 1, 1000)], now=NOW
        )
        claim_spend_offers(
            order_number=number, member_id=member.pk, uses=[OfferUse(offer.pk, 500, {offer.tiers.get().pk: 1})], now=NOW
        )
    for number, member, paid in (("D1", new, 3500), ("D2", old, 7500)):
        confirm_first_purchase(member_id=member.pk, order_number=number, now=NOW)
        confirm_discounts(order_number=number, paid_fen=paid, now=NOW + (DAY if number == "D2" else 0 * DAY))
    release_discounts(order_number="D4", now=NOW)

    def figures(campaign):
        url = reverse(f"admin:discounts_{campaign._meta.model_name}_step", args=[campaign.pk, "result"])
        panels = admin_client.get(url).context["panels"]
        return [figure.value for figure in panels[0].figures], panels[1:]

    shown, charts = figures(discount)
    # Participants: three who have ordered; orders: the two that are paid; revenue per cost: 11000 / 2000.
    assert shown == ["–", "3", "2", "¥110.00", "¥20.00", "1", "5.5"]
    assert [dict(chart.series) for chart in charts] == [
        {"支付金额": [35.0, 75.0], "成本": [10.0, 10.0]},
        {"订单": [1, 1]},
    ]
    assert [chart.labels for chart in charts] == [["11-20", "11-21"]] * 2
    # The offer took ¥5 off each and gave away goods that cost ¥3: 11000 / 1600 is 6.875.
    assert figures(offer)[0] == ["–", "3", "2", "¥110.00", "¥16.00", "1", "6.9"]
    nothing = draft_discount({"sku": sku, "off_bp": 100})
    assert figures(nothing) == (["–", "0", "0", "¥0.00", "¥0.00", "0", "–"], [])


def test_a_result_costs_as_many_queries_for_one_order_as_for_many():
    sku = make_sku(price_fen=5000)
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}))

    def sold(numbers):
        for number in numbers:
            use = UnitUse(discount.pk, line(sku), 1, 1000)
            member = MemberFactory()
            claim_timed_discounts(order_number=f"D{number}", member_id=member.pk, uses=[use], now=NOW)
            confirm_discounts(order_number=f"D{number}", paid_fen=4000, now=NOW + number * DAY)
        with CaptureQueriesContext(connection) as asked:
            found = result_of(discount)
        return len(asked), found.orders, found.revenue_fen, [each.day.day for each in found.days]

    assert sold(range(1)) == (4, 1, 4000, [20])
    assert sold(range(1, 4)) == (4, 4, 16_000, [20, 21, 22, 23])


def test_an_order_counts_once_with_all_that_was_paid_however_many_lines_took_part():
    first, second = make_sku(price_fen=5000), make_sku(price_fen=5000)
    discount = published(draft_discount({"sku": first, "price_fen": 4000}, {"sku": second, "price_fen": 4500}))
    uses = [UnitUse(discount.pk, line(first), 1, 1000), UnitUse(discount.pk, line(second), 1, 500)]
    claim_timed_discounts(order_number="D1", member_id=MemberFactory().pk, uses=uses, now=NOW)
    # Half past midnight of the next day in Shanghai.
    confirm_discounts(order_number="D1", paid_fen=8500, now=NOW.replace(hour=16, minute=30))
    found = result_of(discount)
    assert (found.participants, found.orders, found.revenue_fen, found.cost_fen) == (1, 1, 8500, 1500)
    assert [each.day.day for each in found.days] == [21]
