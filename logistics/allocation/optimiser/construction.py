"""A first plan: at the scarcity prices, whoever would regret most chooses first."""

import numpy as np

from logistics.allocation.optimiser.choices import best_plans, plan_costs, priced
from logistics.allocation.optimiser.problem import HELD, Floats, Ints
from logistics.allocation.optimiser.state import State


def construct(state: State, price: Floats) -> None:
    """Serve all orders of an empty state. Each round every order that waits names its best plan of what is free;
    they are served in the order of their regret as long as their units are there, the others name another."""
    waiting = [np.arange(len(group.orders)) for group in state.groups]
    while any(len(rows) for rows in waiting):
        wishes: list[tuple[float, int, int, Ints, float]] = []
        for number, rows in enumerate(waiting):
            if len(rows):
                wishes += _wishes(state, number, rows, price)
        wishes.sort(key=lambda wish: wish[:3])
        refused: list[list[int]] = [[] for _group in state.groups]
        for _regret, number, row, site, cost in wishes:
            if state.fits(number, row, site):
                state.move(number, row, site, cost)
            else:
                refused[number].append(row)
        waiting = [np.array(sorted(rows), dtype=np.int64) for rows in refused]


def _wishes(state: State, number: int, rows: Ints, price: Floats) -> list[tuple[float, int, int, Ints, float]]:
    group = state.groups[number].some(rows)
    extra = priced(group, price) + state.barred(number, rows)
    value, site = best_plans(group, extra)
    taken = np.nonzero(site != HELD)
    extra[(*taken, site[taken])] = np.inf
    second, _site = best_plans(group, extra)
    cost = plan_costs(group, site)
    return [
        (float(value[each] - second[each]), number, int(rows[each]), site[each], float(cost[each]))
        for each in range(len(rows))
    ]
