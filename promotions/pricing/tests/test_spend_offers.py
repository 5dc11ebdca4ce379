"""Offers for spending so much or buying so many."""

import pytest

from promotions.pricing.answers import GiftLine
from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    Gift,
    Measure,
    Mechanism,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
)
from promotions.pricing.scopes import EVERYTHING, Scope

TIERS = (SpendTier(20_000, off_fen=2000), SpendTier(30_000, off_fen=5000))


def quote(spend_fen: int, *offers: SpendOfferTerms, quantity: int = 1, freight_fen: int | None = 800, **terms):
    wanted = CartSnapshot((PricingLine(1, quantity, spend_fen),), freight_fen=freight_fen)
    return price(wanted, Terms(spend_offers=offers, **terms))


def offer(*tiers: SpendTier, id_: int = 1, scope: Scope = EVERYTHING, **more) -> SpendOfferTerms:
    return SpendOfferTerms(id_, "Offer", scope, tiers, **more)


@pytest.mark.parametrize(
    ("spend_fen", "off_fen"), [(19_999, 0), (20_000, 2000), (29_999, 2000), (30_000, 5000), (95_000, 5000)]
)
def test_the_highest_tier_reached_counts(spend_fen, off_fen):
    assert quote(spend_fen, offer(*TIERS)).discount_fen == off_fen


def test_an_offer_that_a_narrow_one_keeps_from_a_line_leaves_that_line_to_others():
    # The second refuses offers and acts on line 2 only; the third acts on line 1 beside the first.
    wanted = CartSnapshot((PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000)))
    offers = (
        offer(SpendTier(0, off_fen=200), scope=Scope(skus=frozenset({1}))),
        offer(SpendTier(0, off_fen=700), id_=2, refuses=frozenset({Mechanism.SPEND_OFFER})),
        offer(SpendTier(0, off_fen=200), id_=3),
    )
    priced = price(wanted, Terms(spend_offers=offers, combination=Combination(frozenset())))
    assert [(each.id, each.amount_fen) for each in priced.applied] == [(1, -200), (2, -700), (3, -200)]


@pytest.mark.parametrize(("spend_fen", "off_fen"), [(29_999, 5000), (30_000, 10_000), (75_000, 25_000)])
def test_an_offer_may_repeat_for_each_time_its_threshold_fits_in(spend_fen, off_fen):
    assert quote(spend_fen, offer(SpendTier(15_000, off_fen=5000), repeats=True)).discount_fen == off_fen


def test_a_cap_ends_the_repeating():
    assert quote(75_000, offer(SpendTier(15_000, off_fen=5000), repeats=True, cap_fen=12_000)).discount_fen == 12_000


def test_units_can_be_counted_instead_of_money():
    two_at_a_tenth_off = offer(SpendTier(2, off_bp=1000), measure=Measure.COUNT)
    assert quote(1000, two_at_a_tenth_off, quantity=1).discount_fen == 0
    assert quote(1000, two_at_a_tenth_off, quantity=3).discount_fen == 300


def test_what_is_missing_is_said_with_its_amount():
    below = quote(18_800, offer(*TIERS)).rejected[0]
    assert (below.code, below.asked, str(below.message)) == (
        "spend_offer_threshold",
        False,
        "再买 ¥12.00，可享“Offer”",
    )
    between = quote(20_000, offer(*TIERS)).rejected[0]
    assert (between.code, str(between.message)) == ("spend_offer_next_tier", "再买 ¥100.00，可享“Offer”")
    count = quote(100, offer(SpendTier(3, off_fen=50), measure=Measure.COUNT)).rejected[0]
    assert str(count.message) == "再加 2 件，可享“Offer”"
    assert quote(30_000, offer(*TIERS)).rejected == ()


def test_free_shipping_pays_freight():
    priced = quote(20_000, offer(SpendTier(20_000, free_shipping=True), version=5))
    assert (priced.payable_fen, priced.freight_fen) == (20_000, 0)
    paid = priced.freight_adjustments[0]
    assert (paid.kind, paid.id, paid.amount_fen, paid.version) == ("spend_offer", 1, -800, 5)


def test_gifts_come_as_lines_that_cost_nothing():
    tiers = (SpendTier(10_000, gifts=(Gift(77, 1, "Cup"),)), SpendTier(20_000, off_fen=500))
    priced = quote(20_000, offer(*tiers))
    assert priced.gifts == (GiftLine(77, 1, "Cup", "spend_offer", 1),)
    assert priced.payable_fen == 20_000 - 500 + 800


def test_gifts_repeat_with_their_tier():
    assert quote(30_000, offer(SpendTier(10_000, gifts=(Gift(77, 2, "Cup"),)), repeats=True)).gifts[0].quantity == 6


def test_a_gift_that_has_run_out_is_said_and_the_rest_stands():
    priced = quote(20_000, offer(SpendTier(10_000, off_fen=300, gifts=(Gift(77, 2, "Cup", available=1),))))
    assert priced.gifts == ()
    assert priced.discount_fen == 300
    assert [(each.code, each.asked, str(each.message)) for each in priced.rejected] == [
        ("gift_run_out", False, "赠品“Cup”已送完")
    ]


def test_two_offers_give_the_same_gift_each_within_its_own_quota():
    tier = SpendTier(10_000, gifts=(Gift(77, 2, "Cup", available=4, quota=2),))
    stacked = Combination(frozenset())
    priced = quote(20_000, offer(tier), offer(tier, id_=2), combination=stacked)
    assert [(each.id, each.quantity) for each in priced.gifts] == [(1, 2), (2, 2)]


def test_two_offers_do_not_give_away_the_same_last_gift():
    tier = SpendTier(10_000, gifts=(Gift(77, 2, "Cup", available=3),))
    priced = quote(20_000, offer(tier, id_=1), offer(tier, id_=2), combination=Combination(frozenset()))
    assert [(each.id, each.quantity) for each in priced.gifts] == [(1, 2)]


def test_offers_that_refuse_each_other_take_the_lines_so_that_most_comes_off():
    # ¥40 off the whole of ¥200, or ¥30 off each half: the halves give more, though the whole gives the most at once.
    lines = (PricingLine(1, 1, 10_000), PricingLine(2, 1, 10_000))
    whole = offer(SpendTier(20_000, off_fen=4000), id_=1)
    halves = [offer(SpendTier(10_000, off_fen=3000), id_=1 + sku, scope=Scope(skus=frozenset({sku}))) for sku in (1, 2)]
    priced = price(CartSnapshot(lines), Terms(spend_offers=(whole, *halves)))
    assert [(each.id, each.amount_fen) for each in priced.applied] == [(2, -3000), (3, -3000)]
    assert [(each.id, each.code) for each in priced.rejected] == [(1, "spend_offer_not_combined")]
    together = price(CartSnapshot(lines), Terms(spend_offers=(whole, *halves), combination=Combination(frozenset())))
    assert together.discount_fen == 10_000


def test_a_discount_is_spread_by_largest_remainder_ties_to_the_lower_sku():
    lines = tuple(PricingLine(sku, 1, 1000) for sku in (3, 1, 2))
    priced = price(CartSnapshot(lines), Terms(spend_offers=(offer(SpendTier(0, off_fen=100)),)))
    assert {line.sku_id: line.payable_fen for line in priced.lines} == {1: 966, 2: 967, 3: 967}
