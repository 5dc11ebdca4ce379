"""Held lines: never more than the plainest rule would hold, even where yuan say otherwise."""

from dataclasses import replace

import numpy as np

from logistics.allocation.optimiser.choices import Group, plan_costs
from logistics.allocation.optimiser.problem import HELD, Batch, Floats
from logistics.allocation.optimiser.search import improve
from logistics.allocation.optimiser.state import State

ROUNDS = 12
TRIES = 6
DEARER = 1.25


def nearest(batch: Batch, groups: list[Group], distance: Floats) -> State:
    """The baseline: orders as they came, each from the nearest site [place, site] that has everything, otherwise
    each line from the nearest that has it."""
    state = State(batch, groups)
    position = {
        int(order): (number, row) for number, group in enumerate(groups) for row, order in enumerate(group.orders)
    }
    by_distance = np.argsort(distance, axis=1, kind="stable")
    for order in range(batch.orders):
        number, row = position[order]
        site = _nearest(state, groups[number], row, by_distance[batch.place[order]].tolist())
        cost = plan_costs(groups[number].some(np.array([row])), site[None, :])
        state.move(number, row, site, float(cost[0]))
    return state


def _nearest(state: State, group: Group, row: int, sites: list[int]) -> np.ndarray:
    wanted = list(zip(group.sku[row].tolist(), group.quantity[row].tolist(), strict=True))
    open_to = [site for site in sites if np.isfinite(group.parcel[row, -1, site])]
    if state.room is not None:
        open_to = [site for site in open_to if state.room[site] > 0]
    for site in open_to:
        if all(state.free[sku, site] >= units for sku, units in wanted):
            return np.full(group.size, site, dtype=np.int64)
    each = [next((site for site in open_to if state.free[sku, site] >= units), HELD) for sku, units in wanted]
    return np.array(each, dtype=np.int64)


def hold_at_most(state: State, plain: State) -> State:
    """A state that holds no more lines than `plain`: this one, repaired by making held lines dearer and dearer; when
    that is not enough, the plain one made cheaper without holding more."""
    groups, most = state.groups, plain.held
    scale = DEARER
    for _try in range(TRIES):
        if state.held <= most:
            return state
        _search_with(state, [replace(group, hold=group.hold * scale) for group in groups])
        _restore(state, groups)
        scale *= DEARER
    if state.held <= most:
        return state
    # So dear that no saving is worth one more held line.
    ruinous = 1.0 + sum(float(group.hold.sum()) for group in groups) * DEARER
    _search_with(plain, [replace(group, hold=group.hold + ruinous) for group in groups])
    _restore(plain, groups)
    return plain


def _search_with(state: State, groups: list[Group]) -> None:
    _restore(state, groups)
    improve(state, rounds=ROUNDS)


def _restore(state: State, groups: list[Group]) -> None:
    state.groups = groups
    state.cost = [plan_costs(group, site) for group, site in zip(groups, state.site, strict=True)]
