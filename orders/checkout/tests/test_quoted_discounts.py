"""What is left of discounts is what a quote over HTTP goes by, however many are counted."""

import pytest

from orders.checkout.tests.making import buyer, items, quote
from promotions.discounts import left
from promotions.discounts.models import SpendOffer, TimedDiscountItem
from promotions.discounts.tests.making import NOW, draft_discount, draft_offer, published
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("few", "queries"), [(2, 2), (1, 3)])
def test_what_is_left_is_read_with_the_rest_where_few_are_counted(
    member, monkeypatch, few, queries, django_assert_num_queries
):
    """¥100 at 20% off for one of two units, and ¥30 off from ¥100 on until ¥30 of the budget are left."""
    monkeypatch.setattr(left, "FEW", few)
    client, tea, cup = buyer(member), SkuFactory(price_fen=10_000), SkuFactory(price_fen=500)
    with clock.fixed(NOW):
        published(draft_discount({"sku": tea, "off_bp": 2000, "quota": 1}))
        published(draft_offer({"threshold_fen": 10_000, "off_fen": 3000}, budget_fen=3000))
        bought, others = {"items": items((tea, 2))}, {"items": items((cup, 1))}
        for _ in range(2):  # What the statements answer is asked once in a process.
            assert quote(client, bought).json()["payable_fen"] == 15_000
        with django_assert_num_queries(queries):
            assert quote(client, bought).json()["payable_fen"] == 15_000
        with django_assert_num_queries(2):
            assert quote(client, others).json()["payable_fen"] == 500
        TimedDiscountItem.objects.update(taken=1)
        assert quote(client, bought).json()["payable_fen"] == 17_000
        SpendOffer.objects.update(spent_fen=1)
        short = quote(client, bought).json()
        assert (short["payable_fen"], [each["code"] for each in short["rejected"]]) == (
            20_000,
            ["campaign_budget_short"],
        )
