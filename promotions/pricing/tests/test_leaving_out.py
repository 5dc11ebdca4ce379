"""Single campaigns are left out where the price is less without them."""

from dataclasses import replace
from itertools import count

import pytest

from promotions.pricing import engine, leaving_out
from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    Gift,
    Mechanism,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope
from promotions.pricing.tests.laws import brute_force

TWO = CartSnapshot((PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000)), coupon_ids="best")
NO_COUPON = frozenset({Mechanism.COUPON})


def timed(id_: int, sku: int, off_bp: int, **more) -> UnitPriceTerms:
    scope = Scope(skus=frozenset({sku}))
    return UnitPriceTerms(id_, f"discount {id_}", Mechanism.TIMED_DISCOUNT, scope, off_bp=off_bp, **more)


def offer(id_: int, off_fen: int, scope: Scope = EVERYTHING, from_fen: int = 1000, **more) -> SpendOfferTerms:
    return SpendOfferTerms(id_, f"offer {id_}", scope, (SpendTier(from_fen, off_fen=off_fen),), **more)


def coupon(off_fen: int, scope: Scope = EVERYTHING, **more) -> CouponTerms:
    return CouponTerms(1, "coupon", CouponKind.AMOUNT, scope=scope, off_fen=off_fen, **more)


def causes(quote):
    return [(each.kind, each.id, each.amount_fen) for each in quote.applied]


def left_out(quote):
    return [(each.kind, each.id) for each in quote.rejected if each.code == "cheaper_without"]


@pytest.mark.parametrize(("small", "from_fen"), [(timed(2, 2, 100), 10_000), (timed(2, 2, 100, refuses=NO_COUPON), 0)])
def test_one_discount_that_keeps_a_coupon_out_goes_and_the_others_stay(small, from_fen):
    # Half of ¥100 and ¥30 off ¥100 are ¥120; with 1 % off the second line it has no coupon: ¥149.
    half, thirty = timed(1, 1, 5000), coupon(3000, Scope(skus=frozenset({2})), threshold_fen=from_fen)
    quote = price(TWO, Terms(unit_prices=(half, small), coupons=(thirty,)))
    assert quote.payable_fen == 12_000
    assert causes(quote) == [("timed_discount", 1, -5000), ("coupon", 1, -3000)]
    assert left_out(quote) == [("timed_discount", 2)]


def test_a_discount_that_takes_off_more_than_the_coupon_stays():
    quote = price(TWO, Terms(unit_prices=(timed(1, 1, 5000, refuses=NO_COUPON),), coupons=(coupon(3000),)))
    # The coupon acts on the other line.
    assert (causes(quote), left_out(quote)) == ([("timed_discount", 1, -5000), ("coupon", 1, -3000)], [])


def test_of_offers_that_exclude_each_other_the_one_that_lets_a_coupon_act():
    greater, smaller = offer(1, 1000, refuses=NO_COUPON), offer(2, 900)
    quote = price(TWO, Terms(spend_offers=(greater, smaller), coupons=(coupon(3000),)))
    assert causes(quote) == [("spend_offer", 2, -900), ("coupon", 1, -3000)]
    assert left_out(quote) == [("spend_offer", 1)]


def test_of_offers_that_exclude_each_other_the_one_that_leaves_a_coupon_room():
    # ¥35 less ¥10 leaves ¥25 to the coupon on the first line; ¥9 off both lines from ¥70 leave it its ¥30.
    cart = CartSnapshot((PricingLine(1, 1, 3500), PricingLine(2, 1, 3500)), coupon_ids="best")
    first = Scope(skus=frozenset({1}))
    terms = Terms(spend_offers=(offer(1, 1000, first), offer(2, 900, from_fen=7000)), coupons=(coupon(3000, first),))
    assert causes(price(cart, terms)) == [("spend_offer", 2, -900), ("coupon", 1, -3000)]


def test_a_gift_that_keeps_a_coupon_out_goes():
    gift = SpendOfferTerms(
        1, "gift", EVERYTHING, (SpendTier(1000, gifts=(Gift(9, 1, "cup"),)),), refuses=frozenset({Mechanism.COUPON})
    )
    quote = price(TWO, Terms(spend_offers=(gift,), coupons=(coupon(3000),)))
    assert (quote.payable_fen, quote.gifts, left_out(quote)) == (17_000, (), [("spend_offer", 1)])


def test_a_wide_offer_acts_on_what_a_narrow_one_leaves():
    narrow, wide = offer(2, 500, Scope(skus=frozenset({1}))), offer(1, 1000)
    quote = price(TWO, Terms(spend_offers=(wide, narrow)))
    assert [[each.amount_fen for each in line.adjustments] for line in quote.lines] == [[-500], [-1000]]


def test_seven_that_hinder_are_tried_in_every_way():
    # Each refuses the coupon on its line of ¥100: those of less than a tenth are better left out.
    lines = tuple(PricingLine(sku, 1, 10_000) for sku in range(1, 8))
    prices = tuple(timed(sku, sku, 400 * sku) for sku in range(1, 8))
    tenth = CouponTerms(1, "a tenth", CouponKind.PERCENT, off_bp=1000)
    refused = frozenset({(Mechanism.COUPON, Mechanism.TIMED_DISCOUNT)})
    cart, terms = CartSnapshot(lines, coupon_ids="best"), Terms(prices, (), (tenth,), combination=Combination(refused))
    quote = price(cart, terms)
    # 4 % and 8 % give way to a tenth; 12, 16, 20, 24 and 28 % stay.
    assert left_out(quote) == [("timed_discount", 1), ("timed_discount", 2)]
    assert quote.payable_fen == 70_000 - 2000 - 10_000 == brute_force(cart, terms)[0]


def test_where_too_many_hinder_whole_mechanisms_are_left_out_at_least(monkeypatch):
    # Forty discounts of a fen keep the coupon out, all of them together: 2^40 sets are not tried.
    lines = tuple(PricingLine(sku, 1, 10_000) for sku in range(1, 41))
    prices = tuple(timed(sku, sku, 1) for sku in range(1, 41))
    tried, work = count(), engine.work
    monkeypatch.setattr(engine, "work", lambda *asked: (next(tried), work(*asked))[1])
    terms = Terms(unit_prices=prices, coupons=(coupon(3000, threshold_fen=400_000),))
    quote = price(CartSnapshot(lines, coupon_ids="best"), terms)
    assert quote.payable_fen == 397_000
    assert len(left_out(quote)) == 40
    assert next(tried) <= leaving_out.PRICINGS + leaving_out.MOVES + 2


def test_a_member_price_that_brings_what_a_rival_leaves_below_a_tier_goes():
    # ¥30 off the second line and ¥20 off what is left from ¥100 make ¥150; with 1 % off neither reaches that beside
    # the other: ¥168.30.
    member = UnitPriceTerms(1, "1 %", Mechanism.MEMBER_PRICE, EVERYTHING, off_bp=100)
    share = SpendOfferTerms(1, "30 %", Scope(skus=frozenset({2})), (SpendTier(0, off_bp=3000),))
    quote = price(TWO, Terms(unit_prices=(member,), spend_offers=(share, offer(2, 2000, from_fen=10_000))))
    assert causes(quote) == [("spend_offer", 1, -3000), ("spend_offer", 2, -2000)]
    assert left_out(quote) == [("member_price", 1)]


def test_a_worse_offer_acts_where_it_leaves_a_coupon_its_threshold():
    # 30 % off both make ¥140 and bring the first line below ¥80; ¥10 off the first, 30 % off the second, ¥30 off: ¥130.
    first = Scope(skus=frozenset({1}))
    share = SpendOfferTerms(2, "30 %", EVERYTHING, (SpendTier(0, off_bp=3000),))
    terms = Terms(spend_offers=(offer(1, 1000, first), share), coupons=(coupon(3000, first, threshold_fen=8000),))
    assert causes(price(TWO, terms)) == [("spend_offer", 1, -1000), ("spend_offer", 2, -3000), ("coupon", 1, -3000)]


def test_of_equal_prices_the_one_that_keeps_a_coupon_off_a_line_leaves_it_to_points():
    # Points do not agree with coupons. ¥10 off both lines let none of the ¥50 in points be used: ¥180. Where the second
    # discount keeps the coupon off the first line, that line is left to points: ¥130.
    terms = Terms(
        (timed(1, 1, 1000), timed(2, 1, 1000, refuses=NO_COUPON)),
        coupons=(coupon(1000, threshold_fen=10_000),),
        points=PointsTerms(5000),
        combination=Combination(frozenset({(Mechanism.POINTS, Mechanism.COUPON)})),
    )
    cart = replace(TWO, points_to_use=5000)
    quote = price(cart, terms)
    assert [(each.kind, each.id, each.amount_fen) for each in quote.applied] == [
        ("timed_discount", 2, -1000),
        ("coupon", 1, -1000),
        ("points", None, -5000),
    ]
    assert left_out(quote) == [("timed_discount", 1)]
    assert (quote.payable_fen, quote.points_used) == brute_force(cart, terms) == (13_000, 5000)


def test_of_equal_prices_the_one_that_keeps_an_offer_off_a_line_leaves_it_to_another():
    # The member's tenth off the third line lets ¥20 act on the first and the third, so that ¥50 from ¥180 find ¥100
    # beside them. With the discount of a tenth, which they refuse, they act on the first alone: both act.
    lines = tuple(PricingLine(sku, 1, 10_000) for sku in (1, 2, 3))
    third = Scope(skus=frozenset({3}))
    member = UnitPriceTerms(1, "a tenth", Mechanism.MEMBER_PRICE, third, off_bp=1000)
    narrow = offer(1, 2000, Scope(skus=frozenset({1, 3})), refuses=frozenset({Mechanism.TIMED_DISCOUNT}))
    terms = Terms((member, timed(2, 3, 1000)), (narrow, offer(2, 5000, from_fen=18_000)))
    cart = CartSnapshot(lines)
    quote = price(cart, terms)
    assert causes(quote) == [("timed_discount", 2, -1000), ("spend_offer", 1, -2000), ("spend_offer", 2, -5000)]
    assert left_out(quote) == [("member_price", 1)]
    assert quote.payable_fen == brute_force(cart, terms)[0] == 22_000


def test_a_discount_goes_where_a_coupon_would_else_give_way_to_points():
    # ¥50 in points pay 30 % at most, of ¥166.67 on. ¥180 with a tenth off leave the coupon no room beside them: ¥130.
    # ¥200 less ¥30 by the coupon, less ¥50: ¥120.
    cart = CartSnapshot((PricingLine(1, 1, 20_000),), coupon_ids="best", points_to_use=5000)
    quote = price(cart, Terms((timed(1, 1, 1000),), (), (coupon(3000),), PointsTerms(5000, cap_bp=3000)))
    assert [(each.kind, each.amount_fen) for each in quote.applied] == [("coupon", -3000), ("points", -5000)]
    assert (left_out(quote), quote.payable_fen) == ([("timed_discount", 1)], 12_000)
