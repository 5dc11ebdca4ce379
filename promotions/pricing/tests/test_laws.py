"""The laws of pricing over random carts; `bench/pricing.py` holds them over a hundred thousand more."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.pricing import cheapest, engine, leaving_out, points, purse
from promotions.pricing.balance import spread_within
from promotions.pricing.joint import Joint
from promotions.pricing.purse import Purse
from promotions.pricing.tests.laws import broken_laws, broken_laws_of_long_carts, random_case


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_every_law_holds_over_random_carts(seed):
    rng = Random(seed)
    assert broken_laws(*random_case(rng), rng) == []


@pytest.mark.parametrize("part", range(4))
def test_every_law_holds_over_seeded_carts(part):
    for seed in range(part * 300, part * 300 + 300):
        rng = Random(seed)
        assert broken_laws(*random_case(rng), rng) == [], f"seed {seed}"


def test_the_laws_catch_a_search_that_is_not_exact(monkeypatch):
    monkeypatch.setattr(cheapest._Search, "explore", lambda *args: None)
    assert any("best costs" in law for law in _broken_in(range(400)))


def test_the_laws_catch_a_price_that_is_not_the_cheapest_because_a_discount_hinders(monkeypatch):
    monkeypatch.setattr(engine, "least", lambda work: (work(frozenset()), True))
    assert any("best costs" in law for law in _broken_in(range(200)))


def test_the_laws_catch_a_price_that_is_made_without_whole_mechanisms_only(monkeypatch):
    monkeypatch.setattr(leaving_out, "PRICINGS", 0)
    monkeypatch.setattr(leaving_out, "MOVES", 0)
    assert any("best costs" in law for law in _broken_in(range(1200)))


def test_the_laws_catch_offers_that_are_never_chosen_for_a_coupon(monkeypatch):
    monkeypatch.setattr(Joint, "_explore", lambda *args: None)
    assert any("best costs" in law for law in _broken_in(range(3000)))


def test_the_laws_catch_campaigns_that_keep_points_out_unseen(monkeypatch):
    monkeypatch.setattr(points, "_note_hindrance", lambda *args: None)
    assert any("best costs" in law for law in _broken_in(range(3000)))


def test_the_laws_catch_coupons_that_are_chosen_without_regard_to_points(monkeypatch):
    monkeypatch.setattr(Purse, "is_empty", True)
    assert any("best costs" in law for law in _broken_in(range(3000)))


def test_the_laws_catch_points_that_pay_nothing(monkeypatch):
    monkeypatch.setattr(purse, "_worth_their_fen", lambda usable, terms: usable)
    assert any("pay as much" in law for law in _broken_in(range(400)))


@pytest.mark.parametrize("seed", [1_000_001_550, 1_000_002_929, 13_030, 1_040_249, 1_095_594])
def test_the_laws_hold_where_rounding_gifts_and_the_order_of_shares_once_broke_them(seed):
    rng = Random(seed)
    assert broken_laws(*random_case(rng), rng) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_laws_of_long_carts_hold(seed):
    assert broken_laws_of_long_carts(Random(seed)) == []


def test_the_laws_of_long_carts_catch_a_search_that_ends_early(monkeypatch):
    monkeypatch.setattr(leaving_out, "MOVES", 0)
    assert any(broken_laws_of_long_carts(Random(seed)) for seed in range(20))


def _broken_in(seeds):
    for seed in seeds:
        rng = Random(seed)
        yield from broken_laws(*random_case(rng), rng)


split = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=30).map(
    lambda pairs: [(max(pair), min(pair)) for pair in pairs]
)


@given(lines=split, share=st.integers(0, 10_000))
def test_a_split_within_rooms_is_exact_and_overfills_none(lines, share):
    rooms = [room for _net, room in lines]
    total = sum(rooms) * share // 10_000
    shares = spread_within(total, [net for net, _room in lines], rooms)
    assert sum(shares) == total
    assert all(0 <= each <= room for each, room in zip(shares, rooms, strict=True))
