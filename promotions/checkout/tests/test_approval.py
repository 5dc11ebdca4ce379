"""Without a budget, what can be given away decides who must see a campaign before it acts."""

from typing import Any

import pytest

from promotions.campaigns.services.lifecycle import needs_approval
from promotions.coupons.tests.making import make_template
from promotions.lottery.tests.making import FIFTY, draft_lottery, sure
from promotions.quiz.tests.making import make_quiz
from shop.catalog.tests.factories import SkuFactory

pytestmark = pytest.mark.django_db

# A second person approves from ¥10,000.01 on; 100 points are worth ¥1.


@pytest.mark.parametrize(
    ("prize", "expected"),
    [
        ({"kind": "goods", "points": 0, "stock": 50, "worth_fen": 4_000_000}, True),
        ({"kind": "goods", "points": 0, "stock": 10, "worth_fen": 100_000}, False),
        ({"kind": "goods", "points": 0, "stock": 10, "worth_fen": 100_001}, True),
        ({"points": 50}, True),
        ({"points": 50, "stock": 1000}, False),
    ],
)
def test_a_lottery_without_a_budget_is_weighed_by_its_prizes(prize: dict[str, Any], expected: bool) -> None:
    goods = {"sku": SkuFactory(price_fen=4_000_000, stock=50)} if prize.get("kind") == "goods" else {}
    lottery = draft_lottery(*sure(**prize, **goods), budget_fen=None)
    assert needs_approval(lottery) == expected
    lottery.budget_fen = 1_000_000
    assert not needs_approval(lottery)


def test_points_for_the_rest_have_no_end() -> None:
    prize = {"name": "10 积分", "kind": "points", "points": 10, "weight": 1, "is_fallback": True}
    assert needs_approval(draft_lottery({**FIFTY, "stock": 10}, prize, budget_fen=None))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reward_points": 10_000_000}, True),
        ({"reward_points": 50}, True),
        ({"reward_points": 50, "rewards_limit": 1000}, False),
        ({"reward_points": 10_000_000, "rewards_limit": 11}, True),
    ],
)
def test_a_quiz_without_a_budget_is_weighed_by_its_rewards(fields: dict[str, Any], expected: bool) -> None:
    quiz = make_quiz(status="draft", **fields)
    assert needs_approval(quiz) == expected
    quiz.budget_fen = 1_000_000
    assert not needs_approval(quiz)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"total_limit": 500}, False),
        ({"total_limit": 501}, True),
        ({"total_limit": None}, True),
        ({"kind": "percent", "percent_off_bp": 1000, "total_limit": 1}, True),
        ({"kind": "percent", "percent_off_bp": 1000, "most_off_fen": 1000, "total_limit": 1000}, False),
        ({"kind": "free_shipping", "total_limit": 10}, True),
        ({"kind": "free_shipping", "most_off_fen": 1000, "total_limit": 1001}, True),
    ],
)
def test_a_coupon_without_a_budget_is_weighed_by_how_many_there_are(fields: dict[str, Any], expected: bool) -> None:
    template = make_template(status="draft", budget_fen=None, **fields)
    assert needs_approval(template) == expected
    template.budget_fen = 1_000_000
    assert not needs_approval(template)


def test_a_coupon_for_goods_is_weighed_by_what_the_goods_cost() -> None:
    tea = SkuFactory(price_fen=2500)
    template = make_template(
        status="draft", kind="exchange", amount_off_fen=None, exchange_sku=tea, exchange_price_fen=500, total_limit=500
    )
    assert template.highest_cost_fen() == 500 * 2000
