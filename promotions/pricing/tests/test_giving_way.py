"""Offers that give way to coupons and points: what forces them to is left out where that is cheaper."""

from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    CouponKind,
    CouponTerms,
    Mechanism,
    OrderLimits,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope

LINES = (PricingLine(1, 1, 6837), PricingLine(2, 2, 3195), PricingLine(3, 1, 2052))
FIRST_TWO = Scope(skus=frozenset({1, 2}))
DISCOUNT = UnitPriceTerms(1, "5 %", Mechanism.TIMED_DISCOUNT, FIRST_TWO, off_bp=500)
OFFER = SpendOfferTerms(1, "¥11.98", Scope(skus=frozenset({1})), (SpendTier(0, off_fen=1198),))
COUPON = CouponTerms(1, "¥26.80 from ¥120", CouponKind.AMOUNT, scope=FIRST_TWO, threshold_fen=12_000, off_fen=2680)
LESSER = CouponTerms(2, "¥17.36 from ¥120", CouponKind.AMOUNT, threshold_fen=12_000, off_fen=1736)
ONE_COUPON = OrderLimits(max_coupons=1)


def test_a_discount_that_leaves_room_for_either_offer_or_coupon_makes_nothing_dearer():
    cart = CartSnapshot(LINES, 0, "best")
    # Without it: goods of ¥152.79, from ¥132.27 of which the coupon's ¥120 are left beside the offer.
    without = price(cart, Terms((), (OFFER,), (COUPON,), limits=ONE_COUPON)).payable_fen
    assert without == 15_279 - 1198 - 2680
    assert price(cart, Terms((DISCOUNT,), (OFFER,), (COUPON,), limits=ONE_COUPON)).payable_fen <= without


def test_the_coupon_that_is_best_costs_the_same_when_it_is_named():
    terms = Terms((DISCOUNT,), (OFFER,), (COUPON, LESSER), limits=ONE_COUPON)
    quote = price(CartSnapshot(LINES, 0, "best"), terms)
    named = price(CartSnapshot(LINES, 0, quote.coupon_ids), terms)
    assert named.payable_fen == quote.payable_fen


def test_a_discount_that_leaves_too_little_for_offer_and_points_is_left_out():
    # 4,700 points are ¥47 of ¥95 at most half; of ¥93 they would be too many.
    cart = CartSnapshot((PricingLine(1, 1, 10_000),), 0, (), 4700)
    discount = UnitPriceTerms(1, "2 %", Mechanism.TIMED_DISCOUNT, EVERYTHING, off_bp=200)
    offer = SpendOfferTerms(1, "¥5", EVERYTHING, (SpendTier(0, off_fen=500),))
    points = PointsTerms(10**6, cap_bp=5000)
    assert price(cart, Terms((), (offer,), (), points)).payable_fen == 4800
    assert price(cart, Terms((discount,), (offer,), (), points)).payable_fen == 4800
