"""Which warehouse ships what, for many orders together.

Pure: arrays in, a plan out, no database and no clock; the same batch always gives the same plan, but for the exact
mode, which is bound by time. Scarcity prices say what each unit is worth to those who want it; orders choose at these
prices, whoever regrets most first; local search moves orders and trades units between them; a last pass sees to it that
no more lines are held than the nearest warehouses would have held.
"""

from collections.abc import Callable

import numpy as np

from logistics.allocation.optimiser.choices import groups_of
from logistics.allocation.optimiser.columns import Columns, columns_of
from logistics.allocation.optimiser.construction import construct
from logistics.allocation.optimiser.holding import hold_at_most, nearest
from logistics.allocation.optimiser.prices import scarcity_prices
from logistics.allocation.optimiser.problem import HELD, MOST_LINES, Batch, Floats, Plan, Tariff
from logistics.allocation.optimiser.search import improve
from logistics.allocation.optimiser.state import State

PRICE_ROUNDS = 200
SEARCH_ROUNDS = 30

__all__ = ["HELD", "MOST_LINES", "Batch", "Plan", "Tariff", "optimise", "plan_nearest"]


def optimise(batch: Batch, distance: Floats, *, exact: Callable[[State, Columns], bool] | None = None) -> Plan:
    """The best plan found for the batch; `distance` [place, site] serves the baseline only.

    `exact` (see `optimiser.exact`) may improve on it by choosing among columns; what it does not improve is kept.
    """
    groups = groups_of(batch)
    plain = nearest(batch, groups, distance)
    baseline = {"baseline": plain.total, "baseline_held": float(plain.held)}
    state = State(batch, groups)
    if batch.orders == 1:
        construct(state, np.zeros(batch.stock.shape))
        return state.plan(baseline)
    prices = scarcity_prices(groups, batch.stock, rounds=PRICE_ROUNDS, upper=plain.total)
    construct(state, prices.unit)
    constructed = state.total
    improve(state, rounds=SEARCH_ROUNDS)
    searched = state.total
    if exact is not None:
        exact(state, columns_of(state, prices.seen, prices.unit))
    state = hold_at_most(state, plain)
    steps = {"bound": prices.bound, "constructed": constructed, "searched": searched, **baseline}
    return state.plan(steps)


def plan_nearest(batch: Batch, distance: Floats) -> Plan:
    """What the nearest warehouses would send: the plan that all others are held against."""
    return nearest(batch, groups_of(batch), distance).plan({})
