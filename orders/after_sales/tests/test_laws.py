"""What goes back over random orders returned in random parts, step by step until nothing is left."""

from random import Random

import pytest

from orders.after_sales import engine
from orders.after_sales.tests.laws import broken_laws, random_order, random_policy
from promotions.pricing.refunds import LineShare


def broken(seeds):
    for seed in seeds:
        rng = Random(seed)
        order = random_order(rng)
        for law in broken_laws(order, random_policy(rng), rng):
            yield f"seed {seed}: {law}"


@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_orders_give_back_exactly_what_was_paid(part):
    assert list(broken(range(part * 2_500, part * 2_500 + 2_500))) == []


def test_the_laws_catch_shares_that_are_rounded_step_by_step(monkeypatch):
    def rounded(line, *, units_before, units_after):
        units = units_after - units_before
        return LineShare(*(whole * units // line.units for whole in (line.payable_fen, line.points, line.coupon_fen)))

    monkeypatch.setattr(engine, "refundable", rounded)
    assert any("belong to the units" in law for law in broken(range(100)))


def test_the_laws_catch_a_fen_more_than_the_share(monkeypatch):
    honest = engine.refundable

    def generous(line, *, units_before, units_after):
        share = honest(line, units_before=units_before, units_after=units_after)
        return LineShare(share.cash_fen + (1 if units_after < line.units else 0), share.points, share.coupon_fen)

    monkeypatch.setattr(engine, "refundable", generous)
    assert any("belong to the units" in law for law in broken(range(100)))


def test_the_laws_catch_a_deduction_that_is_never_given_back(monkeypatch):
    monkeypatch.setattr(engine.Assessment, "deducted_fen", property(_new_only))
    assert any("are kept for gifts" in law or "belong to" in law for law in broken(range(400)))


def _new_only(done):
    return sum(max(each.amount_fen, 0) for each in done.deductions)
