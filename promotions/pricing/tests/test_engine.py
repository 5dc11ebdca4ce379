"""The engine as a whole against sums written out by hand: stages, combination, limits, unit prices, freight."""

import pytest

from promotions.pricing.engine import STAGES, price
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    FreightTerms,
    Mechanism,
    OrderLimits,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Stage,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope

FREELY = Combination(frozenset())
OFFER_200_30 = SpendOfferTerms(3, "¥30 off from ¥200", EVERYTHING, (SpendTier(20_000, off_fen=3000),))


def cart(*lines: PricingLine, **asked) -> CartSnapshot:
    return CartSnapshot(lines, **asked)


def skus(*ids: int) -> Scope:
    return Scope(skus=frozenset(ids))


def timed(fen: int, *ids: int, **more) -> UnitPriceTerms:
    return UnitPriceTerms(1, "Flash week", Mechanism.TIMED_DISCOUNT, skus(*ids), unit_price_fen=fen, **more)


def member(off_bp: int, **more) -> UnitPriceTerms:
    return UnitPriceTerms(2, "Gold", Mechanism.MEMBER_PRICE, EVERYTHING, off_bp=off_bp, **more)


def causes(quote):
    return [(each.kind, each.id, each.amount_fen) for each in quote.applied]


def test_a_cart_without_promotions_costs_its_list_prices():
    quote = price(cart(PricingLine(1, 3, 1999), PricingLine(2, 1, 50), freight_fen=1200))
    assert [line.subtotal_fen for line in quote.lines] == [5997, 50]
    assert (quote.goods_fen, quote.discount_fen, quote.freight_fen, quote.payable_fen) == (6047, 0, 1200, 7247)
    assert quote.applied == quote.rejected == ()


def test_unknown_freight_stays_unknown_and_costs_nothing_yet():
    quote = price(cart(PricingLine(1, 2, 100)))
    assert quote.freight_fen is None
    assert quote.payable_fen == 200


def test_stages_follow_the_declared_order():
    declared = list(Stage)
    positions = [declared.index(stage) for stage, _act in STAGES]
    assert positions == sorted(positions)
    assert {stage for stage, _act in STAGES} == set(Stage)


def test_every_stage_acts_on_what_the_one_before_it_left():
    # 2 × ¥150 and ¥100. Timed: 2 × ¥120 = ¥240; with ¥100 there are ¥340 → ¥30 off = 2118 + 882, by 24 : 10.
    # A tenth off ¥310 is ¥31, then 1000 points are ¥10, then freight.
    terms = Terms(
        unit_prices=(timed(12_000, 1),),
        spend_offers=(OFFER_200_30,),
        coupons=(CouponTerms(7, "10 % off", CouponKind.PERCENT, off_bp=1000),),
        points=PointsTerms(available=1000),
    )
    wanted = cart(
        PricingLine(1, 2, 15_000), PricingLine(2, 1, 10_000), freight_fen=800, coupon_ids="best", points_to_use="max"
    )
    quote = price(wanted, terms)
    assert causes(quote) == [
        ("timed_discount", 1, -6000),
        ("spend_offer", 3, -3000),
        ("coupon", 7, -3100),
        ("points", None, -1000),
    ]
    assert [each.amount_fen for each in quote.lines[0].adjustments] == [-6000, -2118, -2188, -706]
    assert [each.amount_fen for each in quote.lines[1].adjustments] == [-882, -912, -294]
    assert (quote.goods_fen, quote.discount_fen, quote.points_discount_fen) == (40_000, 13_100, 1000)
    assert quote.payable_fen == 26_900 + 800
    assert (quote.points_used, [line.points for line in quote.lines]) == (1000, [706, 294])


def test_a_line_has_the_better_of_member_and_timed_price_never_both():
    # 10 % off ¥100 against ¥95: the member's price; 10 % off ¥50 against ¥40: the timed one.
    terms = Terms(unit_prices=(timed(9500, 1), member(1000), timed(4000, 2)))
    quote = price(cart(PricingLine(1, 1, 10_000), PricingLine(2, 1, 5000)), terms)
    assert [line.payable_fen for line in quote.lines] == [9000, 4000]
    assert [[each.kind for each in line.adjustments] for line in quote.lines] == [["member_price"], ["timed_discount"]]


def test_the_price_that_the_buyer_came_for_stands():
    asked = UnitPriceTerms(
        9, "Flash", Mechanism.ACTIVITY, skus(1), unit_price_fen=9900, asked=True, kind="flash_sale", version=4
    )
    quote = price(cart(PricingLine(1, 1, 10_000)), Terms(unit_prices=(member(5000), asked)))
    assert causes(quote) == [("flash_sale", 9, -100)]
    assert quote.lines[0].adjustments[0].version == 4


def test_only_so_many_units_have_the_special_price():
    quote = price(cart(PricingLine(1, 5, 1000)), Terms(unit_prices=(timed(700, 1, max_units=2),)))
    assert quote.lines[0].payable_fen == 2 * 700 + 3 * 1000


@pytest.mark.parametrize(
    ("line", "payable_fen"),
    [
        (PricingLine(1, 2, 10_000, floor_price_fen=8000), 16_000),
        (PricingLine(1, 2, 10_000, max_discount_bp=1500), 17_000),
        # A floor above the list price does not make anything dearer.
        (PricingLine(1, 2, 10_000, floor_price_fen=12_000), 20_000),
        (PricingLine(1, 3, 99, max_discount_bp=1), 297),
    ],
)
def test_no_promotion_goes_below_what_a_product_costs_at_least(line, payable_fen):
    terms = Terms(
        unit_prices=(timed(5000, 1), member(5000)),
        spend_offers=(SpendOfferTerms(3, "half", EVERYTHING, (SpendTier(0, off_bp=5000),)),),
        coupons=(CouponTerms(7, "¥100", CouponKind.AMOUNT, off_fen=10_000),),
        points=PointsTerms(available=10**6),
    )
    wanted = cart(line, coupon_ids="best", points_to_use="max")
    assert price(wanted, terms).payable_fen == payable_fen


def test_what_one_line_has_no_room_for_falls_on_the_others():
    # ¥60 off two lines of ¥100: the first can give ¥10 only.
    lines = (PricingLine(1, 1, 10_000, floor_price_fen=9000), PricingLine(2, 1, 10_000))
    quote = price(
        cart(*lines, coupon_ids=(7,)), Terms(coupons=(CouponTerms(7, "¥60", CouponKind.AMOUNT, off_fen=6000),))
    )
    assert [line.payable_fen for line in quote.lines] == [9000, 5000]


def test_shares_that_add_up_to_a_whole_do_not_make_an_order_free():
    # Half off by the price, half by an offer, half by a coupon: each of what is left.
    terms = Terms(
        unit_prices=(member(5000),),
        spend_offers=(SpendOfferTerms(3, "half", EVERYTHING, (SpendTier(0, off_bp=5000),)),),
        coupons=(CouponTerms(7, "half", CouponKind.PERCENT, off_bp=5000),),
    )
    assert price(cart(PricingLine(1, 1, 10_000), coupon_ids=(7,)), terms).payable_fen == 1250


def test_two_shares_of_a_half_leave_a_quarter():
    halves = tuple(CouponTerms(each, "half", CouponKind.PERCENT, off_bp=5000) for each in (7, 8))
    quote = price(cart(PricingLine(1, 1, 10_000), coupon_ids=(7, 8)), Terms(coupons=halves, combination=FREELY))
    assert quote.payable_fen == 2500


@pytest.mark.parametrize(
    ("limits", "payable_fen"),
    [(OrderLimits(), 0), (OrderLimits(floor_fen=100), 100), (OrderLimits(max_discount_bp=7000), 3000)],
)
def test_an_order_as_a_whole_keeps_its_least(limits, payable_fen):
    terms = Terms(
        coupons=(CouponTerms(7, "¥90", CouponKind.AMOUNT, off_fen=9000),),
        points=PointsTerms(available=10**6),
        limits=limits,
    )
    quote = price(cart(PricingLine(1, 1, 10_000), coupon_ids=(7,), points_to_use="max"), terms)
    assert quote.payable_fen == payable_fen


def test_a_price_that_is_shown_is_kept_though_it_is_below_what_the_order_keeps():
    terms = Terms(unit_prices=(timed(2000, 1),), limits=OrderLimits(max_discount_bp=5000))
    assert price(cart(PricingLine(1, 1, 10_000)), terms).payable_fen == 2000


@pytest.mark.parametrize("refused", [("timed_discount", "coupon"), ("coupon", "timed_discount")])
def test_both_sides_must_agree_to_combine_line_by_line(refused):
    # The coupon acts on the line without the timed price only: 10 % off ¥50.
    one, other = map(Mechanism, refused)
    terms = Terms(
        unit_prices=(timed(8000, 1),),
        coupons=(CouponTerms(7, "10 % off", CouponKind.PERCENT, off_bp=1000),),
        combination=Combination(frozenset({(one, other)})),
    )
    quote = price(cart(PricingLine(1, 1, 10_000), PricingLine(2, 1, 5000), coupon_ids=(7,)), terms)
    assert [line.payable_fen for line in quote.lines] == [8000, 4500]


def test_one_promotion_may_refuse_what_its_mechanism_allows():
    terms = Terms(
        unit_prices=(timed(8000, 1, refuses=frozenset({Mechanism.POINTS})),), points=PointsTerms(available=6000)
    )
    quote = price(cart(PricingLine(1, 1, 10_000), PricingLine(2, 1, 5000), points_to_use="max"), terms)
    assert [line.payable_fen for line in quote.lines] == [8000, 0]


def test_a_discount_that_would_cost_more_than_it_gives_is_left_out():
    # ¥1 off by the timed price would bring the goods below what the coupon of ¥50 asks for.
    terms = Terms(
        unit_prices=(timed(9900, 1),),
        coupons=(CouponTerms(7, "¥50", CouponKind.AMOUNT, threshold_fen=10_000, off_fen=5000),),
    )
    quote = price(cart(PricingLine(1, 1, 10_000), coupon_ids="best"), terms)
    assert causes(quote) == [("coupon", 7, -5000)]
    assert [(each.kind, each.code, each.asked) for each in quote.rejected] == [
        ("timed_discount", "cheaper_without", False)
    ]


def test_a_tiers_free_shipping_pays_freight_before_a_coupon_would():
    terms = Terms(
        freight=(FreightTerms("member_shipping", 4, "Gold ships free"),),
        coupons=(CouponTerms(7, "free shipping", CouponKind.SHIPPING),),
    )
    quote = price(cart(PricingLine(1, 1, 10_000), freight_fen=800, coupon_ids="best"), terms)
    assert causes(quote) == [("member_shipping", 4, -800)]
    assert (quote.freight_fen, quote.payable_fen, quote.discount_fen) == (0, 10_000, 0)


@pytest.mark.parametrize(("quantity", "unit_price_fen"), [(0, 100), (-1, 100), (1, -1)])
def test_a_line_without_units_or_with_a_negative_price_is_no_line(quantity, unit_price_fen):
    with pytest.raises(ValueError):
        PricingLine(1, quantity, unit_price_fen)


def test_a_sku_appears_once():
    with pytest.raises(ValueError):
        cart(PricingLine(1, 1, 100), PricingLine(1, 2, 100))


def test_an_activity_may_ask_for_points_besides_money_and_leaves_the_rest_of_them_to_pay_with():
    flash = UnitPriceTerms(
        9, "Flash", Mechanism.ACTIVITY, skus(1), unit_price_fen=990, asked=True, points=500, kind="flash_sale"
    )
    line, points = PricingLine(1, 2, 5000), PointsTerms(available=1300)
    priced = price(cart(line), Terms(unit_prices=(flash,), points=points))
    assert (priced.payable_fen, priced.points_used, priced.lines[0].points) == (1980, 1000, 1000)
    assert [(each.kind, each.amount_fen, each.points) for each in priced.applied] == [("flash_sale", -8020, 1000)]

    # 1,300 points less the 1,000 of the activity.
    spent = price(cart(line, points_to_use="max"), Terms(unit_prices=(flash,), points=points))
    assert (spent.payable_fen, spent.points_used, spent.points_discount_fen) == (1680, 1300, 300)
    refused = price(cart(line, points_to_use=301), Terms(unit_prices=(flash,), points=points))
    assert [each.code for each in refused.rejected] == ["points_insufficient"]


def test_what_is_given_rather_than_sold_has_no_floor_and_leaves_that_of_others_alone():
    given = UnitPriceTerms(
        9, "Prize", Mechanism.ACTIVITY, skus(1), unit_price_fen=0, asked=True, below_floor=True, kind="prize"
    )
    lines = PricingLine(1, 1, 5000, floor_price_fen=3000), PricingLine(2, 1, 5000, floor_price_fen=4900)
    terms = Terms(unit_prices=(given,), points=PointsTerms(available=9000))
    priced = price(cart(*lines, points_to_use="max"), terms)
    assert [line.payable_fen for line in priced.lines] == [0, 4900]
