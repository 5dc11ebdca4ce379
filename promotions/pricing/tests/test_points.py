"""Paying with points."""

import pytest

from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    Mechanism,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING

TWO = (PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000))
NO_POINTS = frozenset({Mechanism.POINTS})


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
        (105, {"available": 4329, "points_per_yuan": 1000}, 100, 10),
        (150, {"points_per_yuan": 2400, "step": 50}, 150, 6),
        (200, {"points_per_yuan": 2900, "step": 50}, 200, 6),
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


def discount(**more) -> UnitPriceTerms:
    return UnitPriceTerms(3, "a fen less", Mechanism.TIMED_DISCOUNT, EVERYTHING, unit_price_fen=9999, **more)


def left_out(quote):
    return [(each.kind, each.id) for each in quote.rejected if each.code == "cheaper_without"]


@pytest.mark.parametrize("points_to_use", [10_000, "max"])
def test_a_discount_that_refuses_points_acts_only_where_it_is_worth_more(points_to_use):
    # ¥200 less 10,000 points are ¥100; less a fen a line, and no points, ¥199.98.
    refused = Combination(frozenset({(Mechanism.POINTS, Mechanism.TIMED_DISCOUNT)}))
    cart, purse = CartSnapshot(TWO, points_to_use=points_to_use), PointsTerms(available=10_000)
    quote = price(cart, Terms((discount(),), points=purse, combination=refused))
    assert (quote.payable_fen, quote.points_used, left_out(quote)) == (10_000, 10_000, [("timed_discount", 3)])
    few = price(cart, Terms((discount(),), points=PointsTerms(available=1), combination=refused))
    assert (few.payable_fen, few.points_used, left_out(few)) == (19_998, 0, [])


@pytest.mark.parametrize(
    ("asked", "purse"),
    [
        # Half of ¥199.98 is less than the 10,000 points asked for, less than a step, and less than the fewest.
        (10_000, PointsTerms(available=10_000, cap_bp=5000)),
        ("max", PointsTerms(available=10_000, cap_bp=5000, step=10_000)),
        ("max", PointsTerms(available=10_000, cap_bp=5000, minimum=10_000)),
    ],
)
def test_a_discount_that_leaves_points_too_little_to_pay_is_left_out(asked, purse):
    quote = price(CartSnapshot(TWO, points_to_use=asked), Terms((discount(),), points=purse))
    assert (quote.payable_fen, quote.points_used, left_out(quote)) == (10_000, 10_000, [("timed_discount", 3)])


@pytest.mark.parametrize("asked", ["best", (1,)])
def test_a_coupon_that_refuses_points_acts_only_where_it_is_worth_more(asked):
    coupons = (
        CouponTerms(1, "¥30 without points", CouponKind.AMOUNT, off_fen=3000, refuses=NO_POINTS),
        CouponTerms(2, "¥10", CouponKind.AMOUNT, off_fen=1000),
    )
    costs = {
        available: price(
            CartSnapshot(TWO, coupon_ids=asked, points_to_use="max"),
            Terms(coupons=coupons, points=PointsTerms(available=available)),
        )
        for available in (1999, 2001, 3001)
    }
    # ¥30 off are ¥170; ¥10 off and points worth ¥19.99, or ¥20.01, are ¥170.01, or ¥169.99. Alone points need ¥30.
    chosen = {1999: ((1,), 17_000, 0), 2001: ((2,), 16_999, 2001), 3001: ((2,), 15_999, 3001)}
    if asked != "best":
        assert [each.code for each in costs[3001].rejected] == ["cheaper_without"]
        chosen = {1999: ((1,), 17_000, 0), 2001: ((1,), 17_000, 0), 3001: ((), 16_999, 3001)}
    assert {of: (each.coupon_ids, each.payable_fen, each.points_used) for of, each in costs.items()} == chosen


def test_an_offer_that_refuses_points_acts_only_where_it_is_worth_more():
    offer = SpendOfferTerms(1, "¥30", EVERYTHING, (SpendTier(0, off_fen=3000),), refuses=NO_POINTS)
    for available, payable in ((2999, 17_000), (3001, 16_999)):
        terms = Terms(spend_offers=(offer,), points=PointsTerms(available=available))
        assert price(CartSnapshot(TWO, points_to_use="max"), terms).payable_fen == payable


def test_where_points_pay_all_goods_a_coupon_pays_the_freight_that_they_do_not():
    coupons = (
        CouponTerms(1, "¥20", CouponKind.AMOUNT, off_fen=2000, refuses=frozenset({Mechanism.SHIPPING_COUPON})),
        CouponTerms(2, "freight", CouponKind.SHIPPING),
    )
    paid = {}
    for available in (0, 20_000):
        cart = CartSnapshot(TWO, 800, coupon_ids="best", points_to_use="max")
        quoted = price(cart, Terms(coupons=coupons, points=PointsTerms(available=available)))
        paid[available] = quoted.coupon_ids, quoted.payable_fen, quoted.points_used
    # Without points ¥20 off beat ¥8 of freight; with them all but the freight is paid anyway.
    assert paid == {0: ((1,), 18_800, 0), 20_000: ((2,), 0, 20_000)}


def test_of_equal_money_the_price_with_fewer_points_is_taken():
    offer = SpendOfferTerms(1, "¥30", EVERYTHING, (SpendTier(0, off_fen=3000),))
    quote = price(
        CartSnapshot(TWO, points_to_use="max"), Terms(spend_offers=(offer,), points=PointsTerms(available=20_000))
    )
    assert (quote.payable_fen, quote.points_used) == (0, 17_000)
