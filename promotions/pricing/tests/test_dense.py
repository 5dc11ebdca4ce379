"""Crowded carts are priced exactly, dense ones within bounds."""

from random import Random

import pytest

from promotions.pricing import engine, leaving_out
from promotions.pricing.engine import price
from promotions.pricing.joint import Joint
from promotions.pricing.model import (
    CartSnapshot,
    CouponKind,
    CouponTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
)
from promotions.pricing.scopes import Scope
from promotions.pricing.tests.dense import (
    DENSE,
    broken_laws_of_crowds,
    broken_laws_of_density,
    broken_laws_of_refusals,
    dense_case,
)
from promotions.pricing.tests.laws import broken_laws_of_naming, brute_force
from promotions.pricing.workings import EFFORT, Setting


def test_crowded_carts_cost_the_least_of_every_set():
    assert [law for seed in range(500) for law in broken_laws_of_crowds(Random(seed))] == []


def test_a_crowd_in_which_a_price_that_refuses_a_coupon_leaves_its_line_to_points():
    assert list(broken_laws_of_crowds(Random(1_003_297))) == []


def test_carts_whose_promotions_refuse_one_another_cost_the_least_of_every_set():
    seeds = [*range(200), 628, 636, 678, 943, 1127]
    assert [law for seed in seeds for law in broken_laws_of_refusals(Random(seed))] == []


def test_the_laws_of_refusals_catch_lesser_prices_that_nobody_looks_at(monkeypatch):
    monkeypatch.setattr(Setting, "makes_way", lambda *args: False)
    assert all(list(broken_laws_of_refusals(Random(seed))) for seed in (636, 943, 1127))


@pytest.mark.parametrize("left_out", ["_explore", "_ending"])
def test_the_laws_of_crowds_catch_offers_chosen_without_regard_to_coupons(monkeypatch, left_out):
    ways = {"_explore": lambda *args: None, "_ending": lambda joint, balance, limit: ((balance.payable, 0), 0)}
    monkeypatch.setattr(Joint, left_out, ways[left_out])
    assert any(law for seed in range(150) for law in broken_laws_of_crowds(Random(seed)))


def test_of_seven_offers_that_do_not_agree_the_worst_acts_where_it_lets_two_coupons_act():
    # Each of the first six takes ¥20 to ¥15 off and brings its line of ¥100 below the coupon's ¥90; the last takes ¥8.
    lines = (PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000))
    first, both = Scope(skus=frozenset({1})), Scope(skus=frozenset({1, 2}))
    offers = tuple(SpendOfferTerms(id_, "x", first, (SpendTier(0, off_fen=2100 - 100 * id_),)) for id_ in range(1, 7))
    last = SpendOfferTerms(7, "¥8", first, (SpendTier(0, off_fen=800),))
    coupon = CouponTerms(1, "¥15 from ¥90", CouponKind.AMOUNT, scope=first, threshold_fen=9000, off_fen=1500)
    everywhere = CouponTerms(2, "¥1", CouponKind.AMOUNT, scope=both, off_fen=100)
    cart, terms = CartSnapshot(lines, coupon_ids="best"), Terms((), (*offers, last), (coupon, everywhere))
    quote = price(cart, terms)
    assert [(each.kind, each.id, each.amount_fen) for each in quote.applied] == [
        ("spend_offer", 7, -800),
        ("coupon", 1, -1500),
    ]
    assert (quote.payable_fen, 0) == brute_force(cart, terms)
    assert [each.id for each in quote.rejected if each.code == "cheaper_without"] == [1]


@pytest.mark.parametrize("shape", DENSE)
def test_a_dense_cart_is_looked_at_for_so_long_only_and_no_dearer_than_what_it_falls_back_on(monkeypatch, shape):
    settings = []
    monkeypatch.setattr(engine, "Setting", lambda *args: settings.append(Setting(*args)) or settings[-1])
    for seed in range(3):
        assert list(broken_laws_of_density(*dense_case(Random(seed), *shape))) == []
    # The prices that it falls back on are made when the effort is spent.
    assert all(each.effort.left > -EFFORT // 2 for each in settings)


def test_the_laws_catch_best_coupons_that_are_not_named_again(monkeypatch):
    monkeypatch.setattr(engine, "least", lambda work: (leaving_out.least(work)[0], True))
    assert any(list(broken_laws_of_naming(*dense_case(Random(seed), *DENSE[3]))) for seed in range(4))


def test_the_laws_of_density_catch_a_price_that_is_made_only_once(monkeypatch):
    monkeypatch.setattr(engine, "least", lambda work: (work(frozenset()), True))
    assert any(list(broken_laws_of_density(*dense_case(Random(seed), *DENSE[1]))) for seed in range(4))
