"""What goes back for some units of an order, worked out by hand."""

from dataclasses import replace

import pytest

from orders.after_sales.engine import (
    Assessment,
    CouponsBack,
    Deduction,
    FreightBack,
    GiftBack,
    GiftsBack,
    LineRefund,
    Policy,
    ThresholdLost,
    assess,
)
from orders.after_sales.states import CouponState, GiftState, LineState, OfferState, OrderSnapshot
from promotions.pricing.answers import AppliedOffer, Counted
from promotions.pricing.model import Gift, Measure, SpendOfferTerms, SpendTier
from promotions.pricing.scopes import EVERYTHING

PLAIN = Policy()


def line(position: int, units: int, payable_fen: int, **fields: object) -> LineState:
    return LineState(position, f"goods {position}", 100 + position, units, payable_fen, **fields)


def taken(order: OrderSnapshot, done: Assessment, asked: dict[int, int]) -> OrderSnapshot:
    """The order after the after-sale."""
    back = dict(asked)
    for gift in done.gifts_to_return:
        back[gift.position] = back.get(gift.position, 0) + gift.units
    deducted = dict(order.deducted)
    for each in done.deductions:
        deducted[each.key] = deducted.get(each.key, 0) + each.amount_fen
    return replace(
        order,
        lines=tuple(replace(each, units_back=each.units_back + back.get(each.position, 0)) for each in order.lines),
        freight_back_fen=order.freight_back_fen + done.freight_fen,
        coupons=tuple(replace(each, is_back=each.is_back or each.id in done.coupons_back) for each in order.coupons),
        deducted=deducted,
    )


def codes(done: Assessment) -> list[str]:
    return [each.code for each in done.explanations]


def test_shares_of_a_line_add_up_unit_by_unit():
    order = OrderSnapshot((line(0, 3, 1000, points=50, coupon_fen=200, units_shipped=3),))
    steps = []
    for _unit in range(3):
        done = assess(order, {0: 1}, PLAIN)
        steps += done.lines
        order = taken(order, done, {0: 1})

    assert steps == [LineRefund(0, 1, 333, 16, 66), LineRefund(0, 1, 333, 17, 67), LineRefund(0, 1, 334, 17, 67)]


@pytest.mark.parametrize("asked", [{0: 4}, {0: -1}, {7: 1}])
def test_more_than_the_order_has_is_refused(asked):
    with pytest.raises(ValueError):
        assess(OrderSnapshot((line(0, 3, 1000),)), asked, PLAIN)


@pytest.mark.parametrize(
    ("policy", "fault", "shipped", "asked", "freight_fen", "code"),
    [
        (FreightBack.NEVER, True, 0, {0: 2, 1: 1}, 0, "freight_never"),
        (FreightBack.UNSHIPPED, False, 0, {0: 2, 1: 1}, 1000, "freight_unshipped"),
        (FreightBack.UNSHIPPED, True, 0, {0: 2}, 0, "freight_stays"),
        (FreightBack.UNSHIPPED, True, 2, {0: 2, 1: 1}, 0, "freight_stays"),
        (FreightBack.FAULT, False, 2, {0: 2, 1: 1}, 0, "freight_without_fault"),
        (FreightBack.FAULT, True, 2, {0: 2, 1: 1}, 1000, "freight_share"),
        (FreightBack.FAULT, True, 2, {1: 1}, 333, "freight_share"),
        (FreightBack.SHARE, False, 2, {0: 2}, 666, "freight_share"),
    ],
)
def test_freight_follows_the_policy(policy, fault, shipped, asked, freight_fen, code):
    order = OrderSnapshot((line(0, 2, 5000, units_shipped=shipped), line(1, 1, 3000)), freight_fen=1000)

    done = assess(order, asked, replace(PLAIN, freight=policy), sellers_fault=fault)

    assert (done.freight_fen, code in codes(done)) == (freight_fen, True)


def test_freight_by_share_is_paid_back_whole_in_steps():
    order = OrderSnapshot((line(0, 3, 3000, units_shipped=3),), freight_fen=1000)
    steps = []
    for _unit in range(3):
        done = assess(order, {0: 1}, replace(PLAIN, freight=FreightBack.SHARE))
        steps.append(done.freight_fen)
        order = taken(order, done, {0: 1})

    assert steps == [333, 333, 334]


def spend_300_get_50() -> OrderSnapshot:
    """¥200 and ¥150 of goods, ¥50 off from ¥300 on: paid ¥300."""
    terms = SpendOfferTerms(9, "300-50", EVERYTHING, (SpendTier(30_000, off_fen=5_000),))
    offer = AppliedOffer(terms, (Counted(100, 1, 20_000, 20_000), Counted(101, 1, 15_000, 15_000)))
    return OrderSnapshot(
        (
            line(0, 1, 17_143, offer_shares={9: 2_857}, units_shipped=1),
            line(1, 1, 12_857, offer_shares={9: 2_143}, units_shipped=1),
        ),
        offers=(OfferState(offer),),
    )


def test_an_offer_that_is_lost_comes_off_the_cash_and_back_when_all_is_returned():
    order = spend_300_get_50()

    first = assess(order, {0: 1}, PLAIN)
    second = assess(taken(order, first, {0: 1}), {1: 1}, PLAIN)

    # What stays costs its full price of ¥150.
    assert first.deductions == (Deduction("offer:9", "300-50", 2_143),)
    assert first.cash_fen == 15_000
    assert second.deductions == (Deduction("offer:9", "300-50", -2_143),)
    assert second.cash_fen == 15_000
    assert "offer_lost" in codes(first)
    assert "offer_regained" in codes(second)


def test_the_merchant_may_let_a_lost_offer_be():
    first = assess(spend_300_get_50(), {0: 1}, replace(PLAIN, threshold=ThresholdLost.IGNORE))

    assert (first.deductions, first.cash_fen) == ((), 17_143)
    assert "offer_kept" in codes(first)


def test_a_deduction_takes_no_more_than_the_cash_that_goes_back_and_the_rest_later():
    """Three lines of ¥10, ¥10 and ¥280, ¥50 off from ¥300 on; the dear one keeps most of it."""
    terms = SpendOfferTerms(9, "300-50", EVERYTHING, (SpendTier(30_000, off_fen=5_000),))
    counted = (Counted(100, 1, 1_000, 1_000), Counted(101, 1, 1_000, 1_000), Counted(102, 1, 28_000, 28_000))
    order = OrderSnapshot(
        (
            line(0, 1, 834, offer_shares={9: 166}),
            line(1, 1, 833, offer_shares={9: 167}),
            line(2, 1, 23_333, offer_shares={9: 4_667}),
        ),
        offers=(OfferState(AppliedOffer(terms, counted)),),
    )

    first = assess(order, {0: 1}, PLAIN)
    second = assess(taken(order, first, {0: 1}), {1: 1}, PLAIN)
    third = assess(taken(taken(order, first, {0: 1}), second, {1: 1}), {2: 1}, PLAIN)

    assert (first.deducted_fen, first.cash_fen) == (834, 0)
    assert "offer_lost_capped" in codes(first)
    assert (second.deducted_fen, second.cash_fen) == (833, 0)
    assert (third.deducted_fen, third.cash_fen) == (-1_667, 25_000)


def test_shares_of_a_percentage_that_still_holds_deduct_nothing():
    terms = SpendOfferTerms(9, "10% off", EVERYTHING, (SpendTier(500, off_bp=1_000),))
    order = OrderSnapshot(
        (line(0, 2, 900, offer_shares={9: 99}),),
        offers=(OfferState(AppliedOffer(terms, (Counted(100, 2, 1_001, 1_001),))),),
    )

    assert assess(order, {0: 1}, PLAIN).deductions == ()


def test_free_shipping_that_is_lost_costs_the_freight_that_it_paid():
    terms = SpendOfferTerms(
        9, "ships free from 2", EVERYTHING, (SpendTier(2, free_shipping=True),), measure=Measure.COUNT
    )
    offer = OfferState(AppliedOffer(terms, (Counted(100, 2, 2, 6_000),)), freight_fen=800)
    order = OrderSnapshot((line(0, 2, 6_000, units_shipped=2),), offers=(offer,))

    first = assess(order, {0: 1}, PLAIN)
    second = assess(taken(order, first, {0: 1}), {0: 1}, PLAIN)

    assert (first.cash_fen, second.cash_fen) == (2_200, 3_800)


def with_gift(shipped: int) -> OrderSnapshot:
    """Two units bought, one gift of ¥20 from ¥100 on."""
    tier = SpendTier(10_000, gifts=(Gift(500, 1, "cup", tier_id=4),))
    terms = SpendOfferTerms(9, "a cup", EVERYTHING, (tier,))
    return OrderSnapshot(
        (
            line(0, 2, 12_000, units_shipped=shipped * 2),
            line(1, 1, 0, gift=GiftState(9, 4, 2_000), units_shipped=shipped),
        ),
        offers=(OfferState(AppliedOffer(terms, (Counted(100, 2, 12_000, 12_000),))),),
    )


@pytest.mark.parametrize(
    ("policy", "shipped", "gifts", "cash_fen", "code"),
    [
        (GiftsBack.RETURN, 1, (GiftBack(1, 1, 0),), 6_000, "gift_return"),
        (GiftsBack.DEDUCT, 1, (), 4_000, "gift_lost"),
        (GiftsBack.KEEP, 1, (), 6_000, "gift_kept"),
        (GiftsBack.KEEP, 0, (GiftBack(1, 1, 1),), 6_000, "gift_unsent"),
        (GiftsBack.DEDUCT, 0, (GiftBack(1, 1, 1),), 6_000, "gift_unsent"),
    ],
)
def test_gifts_that_are_no_longer_earned(policy, shipped, gifts, cash_fen, code):
    done = assess(with_gift(shipped), {0: 1}, replace(PLAIN, gifts=policy))

    assert (done.gifts_to_return, done.cash_fen, code in codes(done)) == (gifts, cash_fen, True)


def test_a_gift_that_comes_back_by_itself_is_not_asked_for():
    done = assess(with_gift(1), {0: 2, 1: 1}, PLAIN)

    assert (done.gifts_to_return, done.cash_fen) == ((), 12_000)


def test_a_gift_that_comes_back_later_gives_its_value_back():
    policy = replace(PLAIN, gifts=GiftsBack.DEDUCT)
    order = with_gift(1)
    first = assess(order, {0: 2}, policy)
    second = assess(taken(order, first, {0: 2}), {1: 1}, policy)

    assert (first.cash_fen, second.cash_fen) == (10_000, 2_000)


@pytest.mark.parametrize(
    ("policy", "asked", "back"),
    [
        (CouponsBack.NEVER, {0: 1, 1: 1}, ()),
        (CouponsBack.WHOLE, {0: 1}, ()),
        (CouponsBack.WHOLE, {0: 1, 1: 1}, (31, 32)),
        (CouponsBack.LINES, {0: 1}, (31,)),
        (CouponsBack.LINES, {1: 1}, ()),
    ],
)
def test_coupons_follow_the_policy(policy, asked, back):
    """One coupon acted on the first line, one paid freight."""
    coupons = (CouponState(31, "10 off", frozenset({0})), CouponState(32, "ships free"))
    order = OrderSnapshot((line(0, 1, 5_000), line(1, 1, 5_000)), coupons=coupons)

    done = assess(order, asked, replace(PLAIN, coupons=policy))

    assert done.coupons_back == back


def test_a_coupon_comes_back_once():
    order = OrderSnapshot((line(0, 1, 5_000),), coupons=(CouponState(31, "10 off", frozenset({0}), is_back=True),))

    assert assess(order, {0: 1}, PLAIN).coupons_back == ()
