"""Paying with points."""

import pytest

from promotions.pricing.engine import price
from promotions.pricing.model import CartSnapshot, PointsTerms, PricingLine, Terms


def quote(points_to_use, **terms):
    wanted = CartSnapshot((PricingLine(1, 1, 10_000), PricingLine(2, 1, 5000)), 800, points_to_use=points_to_use)
    return price(wanted, Terms(points=PointsTerms(**{"available": 20_000, **terms})))


@pytest.mark.parametrize(
    ("asked", "terms", "points", "fen"),
    [
        (300, {}, 300, 300),
        ("max", {}, 15_000, 15_000),
        ("max", {"cap_bp": 5000}, 7500, 7500),
        ("max", {"available": 4321, "step": 100}, 4300, 4300),
        ("max", {"available": 99, "minimum": 100}, 0, 0),
        # 1,000 points a yuan: 10 points are a fen, and what is worth no further fen is kept.
        ("max", {"available": 4329, "points_per_yuan": 1000}, 4320, 432),
        # 37 points a yuan: 5 points are 13 fen.
        (5, {"points_per_yuan": 37}, 5, 13),
    ],
)
def test_points_pay_goods_and_never_freight(asked, terms, points, fen):
    priced = quote(asked, **terms)
    assert (priced.points_used, priced.points_discount_fen) == (points, fen)
    assert priced.payable_fen == 15_800 - fen
    assert sum(line.points for line in priced.lines) == points
    assert priced.rejected == ()


@pytest.mark.parametrize(
    ("asked", "terms", "code", "sentence"),
    [
        (300, {"available": 299}, "points_insufficient", "您的积分不足。"),
        (99, {"minimum": 100}, "points_too_few", "至少使用 100 积分。"),
        (9, {"points_per_yuan": 1000}, "points_too_few", "至少使用 10 积分。"),
        (150, {"step": 100}, "points_not_in_steps", "积分须按 100 的倍数使用。"),
        (7501, {"cap_bp": 5000}, "points_over_limit", "本单最多可用 7500 积分。"),
    ],
)
def test_points_that_cannot_be_used_are_not_used_in_part(asked, terms, code, sentence):
    priced = quote(asked, **terms)
    assert [(each.kind, each.code, str(each.message)) for each in priced.rejected] == [("points", code, sentence)]
    assert (priced.points_used, priced.payable_fen) == (0, 15_800)


def test_points_are_spread_like_the_money_they_pay():
    priced = quote(100)
    assert [line.adjustments[0].amount_fen for line in priced.lines] == [-67, -33]
    assert [line.points for line in priced.lines] == [67, 33]
