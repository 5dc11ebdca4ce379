from functools import partial

import numpy as np
import pytest

from logistics.allocation.optimiser import HELD, optimise, plan_nearest
from logistics.allocation.optimiser.choices import best_plans, groups_of, reachable
from logistics.allocation.optimiser.exact import choose_together
from logistics.allocation.optimiser.holding import hold_at_most, nearest
from logistics.allocation.optimiser.prices import scarcity_prices
from logistics.allocation.optimiser.state import State
from logistics.allocation.optimiser.tests.factories import (
    batch,
    cost_of,
    every_plan,
    least_total,
    overdrawn,
    random_batch,
    tariff,
)

NEAR_FAR = [[[800.0], [1200.0]]]
FLAT = np.array([[1.0, 2.0]])


@pytest.mark.parametrize("seed", range(20))
def test_each_order_by_itself_gets_the_best_of_all_its_plans(seed):
    given = random_batch(seed, orders=8, sites=4, skus=5, most_lines=4)
    for group in groups_of(given):
        barred = np.where(reachable(group, given.stock), 0.0, np.inf)
        value, site = best_plans(group, barred)
        for row, order in enumerate(group.orders):
            assert value[row] == pytest.approx(min(cost for _sites, cost in every_plan(given, order)))
            assert cost_of(given, order, site[row].tolist()) == pytest.approx(value[row])


def test_lines_travel_together_when_a_parcel_costs_more_than_the_way():
    # Site 1 has both lines for 1,200; site 0 is cheaper for each, but it has only the first.
    given = batch([[(0, 1, 500), (1, 1, 400)]], [[5, 5], [0, 5]], tariff(NEAR_FAR))
    plan = optimise(given, FLAT)
    assert plan.site.tolist() == [1, 1]
    assert plan.cost.tolist() == [1200.0]


def test_the_scarce_unit_goes_to_whom_it_is_worth_most():
    # One unit near. The first order could have the other site for 400 more, the second has no other site for 9,000.
    rates = tariff([[[800.0], [1200.0]], [[800.0], [9800.0]]])
    given = batch([[(0, 1, 500)], [(0, 1, 500)]], [[1, 1]], rates, place=np.array([0, 1]))
    assert optimise(given, np.array([[1.0, 2.0], [1.0, 2.0]])).site.tolist() == [1, 0]
    # As they came, the first order takes the near unit.
    assert plan_nearest(given, np.array([[1.0, 2.0], [1.0, 2.0]])).site.tolist() == [0, 1]


def test_equal_costs_go_to_the_earlier_site():
    given = batch([[(0, 1, 500)]], [[5, 5, 5]], tariff([[[900.0], [900.0], [900.0]]]))
    assert optimise(given, np.array([[3.0, 2.0, 1.0]])).site.tolist() == [0]


def test_a_line_is_sent_whole_or_held():
    given = batch([[(0, 3, 500)]], [[2, 2]], tariff(NEAR_FAR))
    plan = optimise(given, FLAT)
    assert (plan.site.tolist(), plan.cost.tolist(), plan.held) == ([HELD], [10_000.0], 1)


def test_what_carriers_refuse_by_weight_is_not_sent_from_there():
    rates = tariff([[[800.0], [1200.0]]], max_weight_g=np.array([2000.0]))
    given = batch([[(0, 1, 2001)], [(0, 1, 2000)]], [[5, 5]], rates)
    assert optimise(given, FLAT).site.tolist() == [HELD, 0]


@pytest.mark.parametrize(("grams", "steps"), [(999, 0), (1000, 0), (1001, 1), (2000, 1), (2001, 2)])
def test_steps_begin_with_the_first_gram_above(grams, steps):
    given = batch([[(0, 1, grams)]], [[1, 1]], tariff(NEAR_FAR))
    assert optimise(given, FLAT).cost.tolist() == [800.0 + 100.0 * steps]


def test_a_light_large_parcel_is_billed_by_its_volume():
    # 9,000 cm³ at 6,000 cm³ a kilo are 1.5 kg: one step.
    given = batch(
        [[(0, 1, 100)]], [[1, 1]], tariff(NEAR_FAR, divisor=np.array([6000.0])), volume_cm3=np.array([9000.0])
    )
    assert optimise(given, FLAT).cost.tolist() == [900.0]


def test_a_closed_site_serves_nobody_and_a_full_one_only_as_many_as_it_can():
    orders = [[(0, 1, 500)], [(0, 1, 500)], [(0, 1, 500)]]
    closed = batch(orders, [[9, 9]], tariff(NEAR_FAR), open_sites=np.array([[True, True], [False, True], [True, True]]))
    assert optimise(closed, FLAT).site.tolist() == [0, 1, 0]
    full = batch(orders, [[9, 9]], tariff(NEAR_FAR), room=np.array([1, 9]))
    assert sorted(optimise(full, FLAT).site.tolist()) == [0, 1, 1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("room", [None, np.array([2, 1, 2])])
def test_plans_are_feasible_cost_what_they_say_and_exact_mode_finds_the_best(seed, room):
    given = random_batch(seed, orders=3, room=room)
    distance = np.random.default_rng(seed).random((2, 3))
    plain = plan_nearest(given, distance)
    if room is None:
        assert scarcity_prices(groups_of(given), given.stock, rounds=60, upper=plain.total).bound <= (
            least_total(given) + 1e-6
        )
    for exact in (None, partial(choose_together, seconds=5)):
        plan = optimise(given, distance, exact=exact)
        assert not overdrawn(given, plan.site.tolist())
        assert plan.held <= plain.held
        for order in range(given.orders):
            sites = plan.site[given.line_start[order] : given.line_start[order + 1]].tolist()
            assert plan.cost[order] == pytest.approx(cost_of(given, order, sites))
        if room is not None:
            sent = np.zeros(3, dtype=int)
            for order in range(given.orders):
                for site in set(plan.site[given.line_start[order] : given.line_start[order + 1]].tolist()) - {HELD}:
                    sent[site] += 1
            assert (sent <= room).all()


def test_over_many_small_batches_the_plan_is_near_the_best_and_the_nearest_is_not():
    best = planned = exact = plain = 0.0
    for seed in range(20):
        given = random_batch(seed, orders=3)
        distance = np.random.default_rng(seed).random((2, 3))
        best += least_total(given)
        planned += optimise(given, distance).total
        exact += optimise(given, distance, exact=partial(choose_together, seconds=5)).total
        plain += plan_nearest(given, distance).total
    assert planned <= best * 1.02
    assert exact <= best * 1.01
    assert plain > best * 1.05


def test_the_same_batch_gives_the_same_plan():
    given = random_batch(7, orders=60, sites=6, skus=20, most_lines=5)
    distance = np.random.default_rng(7).random((2, 6))
    first, second = (optimise(given, distance) for _time in range(2))
    assert first.site.tolist() == second.site.tolist()


def test_a_plan_that_saves_by_holding_is_repaired():
    # To hold costs less than to send, so the cheapest plan holds everything; the nearest warehouse would send it.
    given = batch([[(0, 1, 500)], [(0, 1, 500)]], [[1, 1]], tariff(NEAR_FAR), hold=np.array([700.0, 700.0]))
    groups = groups_of(given)
    state, plain = State(given, groups), nearest(given, groups, FLAT)
    assert (state.held, plain.held) == (2, 0)
    assert hold_at_most(state, plain).held == 0
    assert optimise(given, FLAT).held == 0


def test_too_many_lines_for_a_batch_are_refused():
    given = batch([[(sku, 1, 100) for sku in range(7)]], [[1, 1]] * 7, tariff(NEAR_FAR))
    with pytest.raises(ValueError, match="1 to 6"):
        optimise(given, FLAT)
