"""Plans of single orders worth considering together: what each order names at various prices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logistics.allocation.optimiser.choices import Group, best_plans, plan_costs, priced
from logistics.allocation.optimiser.problem import HELD, Bools, Floats, Ints
from logistics.allocation.optimiser.state import State

SCALES = (0.0, 0.5, 0.8, 1.2, 2.0)


@dataclass(frozen=True)
class Columns:
    """Whose plan each is (group and row), its lines' sites padded with HELD, its cost, and which make up the state."""

    number: Ints
    row: Ints
    site: Ints
    cost: Floats
    chosen: Bools


def columns_of(state: State, prices: Sequence[Floats], best: Floats) -> Columns:
    """What every order would choose at each of these prices and at multiples of the best, then without one of the
    sites it chose; all lines held; and what it has in the state."""
    asked = [*prices, *(best * scale for scale in SCALES)]
    found = [_columns_of(state, number, group, asked, best) for number, group in enumerate(state.groups)]
    widest = max(group.size for group in state.groups)
    sites = [np.pad(each, ((0, 0), (0, widest - each.shape[1])), constant_values=HELD) for _row, each, *_ in found]
    return Columns(
        np.repeat(np.arange(len(found)), [len(row) for row, *_ in found]),
        np.concatenate([row for row, *_ in found]),
        np.concatenate(sites),
        np.concatenate([cost for _row, _site, cost, _chosen in found]),
        np.concatenate([chosen for *_, chosen in found]),
    )


def _columns_of(
    state: State, number: int, group: Group, prices: Sequence[Floats], best: Floats
) -> tuple[Ints, Ints, Floats, Bools]:
    current = state.site[number]
    barred = np.where(group.quantity[:, :, None] <= state.batch.stock[group.sku], 0.0, np.inf)
    named = [current, np.full_like(current, HELD)]
    named += [best_plans(group, priced(group, price) + barred)[1] for price in prices]
    named += _without_one(group, priced(group, best) + barred)
    rows = np.tile(np.arange(len(group.orders)), len(named))
    distinct = np.unique(np.column_stack([rows, np.concatenate(named)]), axis=0)
    row, site = distinct[:, 0], distinct[:, 1:]
    chosen: Bools = (site == current[row]).all(axis=1)
    return row, site, plan_costs(group.some(row), site), chosen


def _without_one(group: Group, extra: Floats) -> list[Ints]:
    """The best plans, then the best when each line in turn cannot have the site that it chose, twice over."""
    _value, first = best_plans(group, extra)
    rows = np.arange(len(group.orders))
    named = []
    for line in range(group.size):
        closed, site = extra.copy(), first
        for _again in range(2):
            away = site[:, line] != HELD
            closed[rows[away], line, site[away, line]] = np.inf
            site = best_plans(group, closed)[1]
            named.append(site)
    return named
