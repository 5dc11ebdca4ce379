"""Coupons: what each kind takes off, why one does not act, and that "best" is the best."""

from itertools import count
from random import Random

import pytest

from promotions.pricing import engine
from promotions.pricing.coupons import Ticket
from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    Mechanism,
    OrderLimits,
    PricingLine,
    Refusal,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import Scope
from promotions.pricing.tests.laws import brute_force
from promotions.pricing.workings import Setting

FREELY = Combination(frozenset())
TEA, CUP = PricingLine(1, 2, 10_000), PricingLine(2, 1, 5000)


def coupon(id_: int, kind: CouponKind = CouponKind.AMOUNT, **more) -> CouponTerms:
    return CouponTerms(id_, f"coupon {id_}", kind, **more)


def quote(*coupons: CouponTerms, ids="best", freight_fen: int | None = 800, **terms):
    return price(CartSnapshot((TEA, CUP), freight_fen, ids), Terms(coupons=coupons, **terms))


def only(*skus: int) -> Scope:
    return Scope(skus=frozenset(skus))


@pytest.mark.parametrize(
    ("terms", "payables", "freight_fen"),
    [
        (coupon(1, off_fen=1000), [19_200, 4800], 800),
        (coupon(1, off_fen=99_999, scope=only(2)), [20_000, 0], 800),
        (coupon(1, CouponKind.PERCENT, off_bp=1500), [17_000, 4250], 800),
        (coupon(1, CouponKind.PERCENT, off_bp=1500, cap_fen=1000), [19_200, 4800], 800),
        (coupon(1, CouponKind.SHIPPING), [20_000, 5000], 0),
        (coupon(1, CouponKind.SHIPPING, cap_fen=500), [20_000, 5000], 300),
        (coupon(1, CouponKind.EXCHANGE), [10_000, 5000], 800),
        (coupon(1, CouponKind.EXCHANGE, units=5), [0, 5000], 800),
        (coupon(1, CouponKind.EXCHANGE, scope=only(2), pay_fen=990), [20_000, 990], 800),
    ],
)
def test_each_kind_takes_off_what_it_says(terms, payables, freight_fen):
    priced = quote(terms)
    assert [line.payable_fen for line in priced.lines] == payables
    assert priced.freight_fen == freight_fen
    assert priced.coupon_ids == (1,)


def test_a_price_that_leads_an_exchange_to_the_wrong_line_is_left_out():
    """At 155.00 the first line is not the dearest any more: the first coupon would want what the second one pays."""
    cart = CartSnapshot((PricingLine(1, 1, 24_000), PricingLine(2, 1, 16_000), PricingLine(3, 1, 100)), 0, "best")
    coupons = (
        coupon(1, CouponKind.EXCHANGE, scope=Scope(skus=frozenset({1, 2}))),
        coupon(2, CouponKind.EXCHANGE, scope=Scope(skus=frozenset({2, 3}))),
    )
    member = UnitPriceTerms(1, "Gold", Mechanism.MEMBER_PRICE, only(1), unit_price_fen=15_500)
    priced = price(cart, Terms(unit_prices=(member,), coupons=coupons, combination=FREELY))
    assert (priced.payable_fen, sorted(priced.coupon_ids)) == (100, [1, 2])
    assert [each.code for each in priced.rejected] == ["cheaper_without"]


def test_of_a_kind_the_narrower_coupon_acts_first():
    """100.00 off everything would share both lines and leave the first no room for 100.01."""
    cart = CartSnapshot((PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000)), 0, "best")
    coupons = (
        coupon(1, CouponKind.AMOUNT, off_fen=10_000),
        coupon(2, CouponKind.AMOUNT, scope=only(1), off_fen=10_001),
    )
    priced = price(cart, Terms(coupons=coupons, combination=FREELY))
    assert [(each.id, each.amount_fen) for each in priced.applied] == [(2, -10_000), (1, -10_000)]


@pytest.mark.parametrize(
    ("terms", "code", "sentence"),
    [
        (coupon(1, off_fen=100, threshold_fen=26_200), "coupon_threshold_not_met", "还差 ¥12.00 可用"),
        (coupon(1, off_fen=100, threshold_fen=9900, scope=only(2)), "coupon_threshold_not_met", "还差 ¥49.00 可用"),
        (coupon(1, off_fen=100, threshold_count=5), "coupon_threshold_not_met", "再加 2 件可用"),
        (coupon(1, off_fen=100, scope=only(9)), "coupon_out_of_scope", "没有商品可用此券"),
        (coupon(1, off_fen=100, refusal=Refusal("coupon_expired", "过期")), "coupon_expired", "过期"),
        (coupon(1), "coupon_without_effect", "此券已没有可抵扣的金额"),
    ],
)
def test_a_coupon_that_does_not_act_says_why(terms, code, sentence):
    priced = quote(terms, ids=(1,))
    assert [(each.kind, each.id, each.code, str(each.message), each.asked) for each in priced.rejected] == [
        ("coupon", 1, code, sentence, True)
    ]
    assert priced.payable_fen == 25_800
    assert priced.coupon_ids == ()


def test_coupons_that_nobody_holds_are_rejected_one_by_one():
    priced = quote(ids=(7, 9))
    assert [(each.kind, each.id, each.code) for each in priced.rejected] == [
        ("coupon", 7, "coupon_not_found"),
        ("coupon", 9, "coupon_not_found"),
    ]


def test_one_coupon_an_order_unless_the_matrix_says_otherwise():
    ten, twenty = coupon(1, off_fen=1000), coupon(2, off_fen=2000)
    priced = quote(ten, twenty, ids=(1, 2))
    assert priced.discount_fen == 2000
    assert [(each.id, each.code) for each in priced.rejected] == [(1, "coupon_not_combined")]
    assert quote(ten, twenty, ids=(1, 2), combination=FREELY).discount_fen == 3000


def test_a_shipping_coupon_goes_with_another_coupon():
    priced = quote(coupon(1, off_fen=1000), coupon(2, CouponKind.SHIPPING))
    assert (priced.payable_fen, sorted(priced.coupon_ids)) == (24_000, [1, 2])


def test_an_order_takes_only_so_many_coupons():
    ten, twenty = coupon(1, off_fen=1000), coupon(2, off_fen=2000)
    priced = quote(ten, twenty, ids=(1, 2), combination=FREELY, limits=OrderLimits(max_coupons=1))
    assert priced.discount_fen == 2000
    assert [(each.id, each.code) for each in priced.rejected] == [(1, "coupon_too_many")]


def test_coupons_act_in_one_order_whichever_way_they_are_named():
    # A tenth off ¥250 is ¥25, then ¥10: the share does not shrink by the amount.
    ten, tenth = coupon(1, off_fen=1000), coupon(2, CouponKind.PERCENT, off_bp=1000)
    for ids in ((1, 2), (2, 1)):
        assert quote(ten, tenth, ids=ids, combination=FREELY).discount_fen == 2500 + 1000


def test_a_shipping_coupon_is_kept_while_freight_is_unknown_if_it_was_asked_for():
    shipping = coupon(1, CouponKind.SHIPPING)
    asked = quote(shipping, ids=(1,), freight_fen=None)
    assert (asked.coupon_ids, asked.rejected) == ((1,), ())
    assert [each.amount_fen for each in asked.applied] == [0]
    assert quote(shipping, freight_fen=None).coupon_ids == ()


def test_the_best_of_nothing_rejects_nothing():
    assert quote().rejected == ()


def test_every_coupon_held_is_shown_with_what_it_does_here():
    priced = quote(coupon(1, off_fen=1000), coupon(2, off_fen=1, threshold_fen=99_999), ids=())
    assert [(each.id, each.amount_fen, each.refusal and each.refusal.code) for each in priced.usable_coupons] == [
        (1, 1000, None),
        (2, 0, "coupon_threshold_not_met"),
    ]
    assert priced.discount_fen == 0


def test_the_best_two_are_not_the_two_best():
    # ¥40 and ¥39 both act on the cup, which has only ¥50 to give: ¥40 with ¥20 off the tea is better.
    coupons = (coupon(1, off_fen=4000, scope=only(2)), coupon(2, off_fen=3900, scope=only(2)), coupon(3, off_fen=2000))
    priced = quote(*coupons, combination=FREELY, limits=OrderLimits(max_coupons=2))
    assert (priced.discount_fen, sorted(priced.coupon_ids)) == (6000, [1, 3])


def test_the_best_of_many_stackable_coupons_is_found_exactly():
    rng = Random(5)
    lines = tuple(PricingLine(sku, rng.randint(1, 3), rng.randint(100, 20_000)) for sku in range(1, 9))
    coupons = tuple(
        coupon(
            number,
            rng.choice(list(CouponKind)),
            off_fen=rng.randint(100, 3000),
            off_bp=rng.randint(100, 3000),
            scope=Scope(skus=frozenset(rng.sample(range(1, 9), 4))),
            refuses=frozenset({Mechanism.SHIPPING_COUPON}) if rng.random() < 0.3 else frozenset(),
        )
        for number in range(14)
    )
    cart = CartSnapshot(lines, 1500, "best")
    terms = Terms(coupons=coupons, combination=FREELY, limits=OrderLimits(max_coupons=4))
    assert price(cart, terms).payable_fen == brute_force(cart, terms)[0]


def many_that_combine(number: int) -> tuple[CartSnapshot, Terms]:
    rng = Random(1)
    lines = tuple(PricingLine(sku, 1 + sku % 3, 1000 + 137 * sku) for sku in range(1, 31))
    held = tuple(
        coupon(
            id_,
            rng.choice((CouponKind.AMOUNT, CouponKind.PERCENT)),
            scope=Scope(skus=frozenset(rng.sample(range(1, 31), 8))),
            off_fen=rng.randint(500, 3000),
            off_bp=rng.randint(500, 3000),
        )
        for id_ in range(1, number + 1)
    )
    return CartSnapshot(lines, coupon_ids="best"), Terms(coupons=held, combination=FREELY)


def test_fifty_coupons_that_all_combine_are_looked_at_to_the_end(monkeypatch):
    settings = []
    monkeypatch.setattr(engine, "Setting", lambda *args: settings.append(Setting(*args)) or settings[-1])
    assert len(price(*many_that_combine(50)).coupon_ids) == 5
    assert settings[0].effort.left > 0


def test_two_hundred_coupons_that_all_combine_are_looked_at_for_so_long_only(monkeypatch):
    tried = count()
    act = Ticket.act
    monkeypatch.setattr(Ticket, "act", lambda ticket, balance: (next(tried), act(ticket, balance))[1])
    priced = price(*many_that_combine(200))
    assert len(priced.coupon_ids) == 5
    # A search to the end tries many times as many.
    assert next(tried) < 4_300
