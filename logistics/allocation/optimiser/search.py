"""Local search: orders move to what is free, or take units from orders that can do without them for less."""

import numpy as np

from logistics.allocation.optimiser.choices import best_plans, plan_costs
from logistics.allocation.optimiser.problem import HELD, Floats, Ints
from logistics.allocation.optimiser.state import State

LEAST_GAIN = 0.01
# The cost of making an order leave a cell, with its group, row and where its lines would go then.
Leaver = tuple[float, int, int, Ints, float]


def improve(state: State, *, rounds: int) -> None:
    """Single moves until none gains, then evictions, and again."""
    for _round in range(rounds):
        while _move_singles(state):
            pass
        if not _evict(state):
            return


def _move_singles(state: State) -> int:
    found: list[tuple[float, int, int, Ints, float]] = []
    for number, group in enumerate(state.groups):
        _value, site = best_plans(group, state.barred(number))
        cost = plan_costs(group, site)
        for row in np.flatnonzero(cost < state.cost[number] - LEAST_GAIN):
            found.append((float(cost[row] - state.cost[number][row]), number, int(row), site[row], float(cost[row])))
    found.sort(key=lambda each: each[:3])
    moved = 0
    for _gain, number, at, target, price in found:
        if state.fits(number, at, target):
            state.move(number, at, target, price)
            moved += 1
    return moved


def _evict(state: State) -> int:
    """One round of taking units over: who wants a cell pays for the cheapest ones to leave it."""
    leavers, toll = _leavers(state)
    wanted = _wanted(state, toll)
    touched: set[tuple[int, int]] = set()
    done = 0
    for _gain, number, row, site, cost in wanted:
        if (number, row) not in touched and _take_over(state, leavers, touched, (number, row, site, cost)):
            done += 1
    return done


def _leavers(state: State) -> tuple[dict[tuple[int, int], list[Leaver]], Floats]:
    """Per cell [sku, site] its holders, the cheapest to leave it first, and what a unit there costs to free."""
    leavers: dict[tuple[int, int], list[Leaver]] = {}
    toll = np.full(state.free.shape, np.inf)
    for number, group in enumerate(state.groups):
        barred, rows = state.barred(number), np.arange(len(group.orders))
        for line in range(group.size):
            here = state.site[number][:, line]
            holders = rows[here != HELD]
            if not len(holders):
                continue
            some, extra = group.some(holders), barred[holders]
            extra[np.arange(len(holders)), line, here[holders]] = np.inf
            _value, site = best_plans(some, extra)
            cost = plan_costs(some, site)
            leaving = cost - state.cost[number][holders]
            sku = some.sku[:, line]
            np.minimum.at(toll, (sku, here[holders]), leaving / some.quantity[:, line])
            for each, row in enumerate(holders):
                cell = int(sku[each]), int(here[row])
                leavers.setdefault(cell, []).append(
                    (float(leaving[each]), number, int(row), site[each], float(cost[each]))
                )
    for held in leavers.values():
        held.sort(key=lambda leaver: leaver[:3])
    return leavers, toll


def _wanted(state: State, toll: Floats) -> list[tuple[float, int, int, Ints, float]]:
    """Plans that would gain although they pay the tolls of what is not free, the greatest gain first."""
    found = []
    for number, group in enumerate(state.groups):
        barred = state.barred(number)
        lacking = np.isinf(barred)
        price = toll[group.sku] * group.quantity[:, :, None]
        extra = np.where(lacking & (group.quantity[:, :, None] <= state.batch.stock[group.sku]), price, barred)
        value, site = best_plans(group, extra)
        cost = plan_costs(group, site)
        gain = value - state.cost[number]
        for row in np.flatnonzero(gain < -LEAST_GAIN):
            found.append((float(gain[row]), number, int(row), site[row], float(cost[row])))
    found.sort(key=lambda each: each[:3])
    return found


def _take_over(
    state: State,
    leavers: dict[tuple[int, int], list[Leaver]],
    touched: set[tuple[int, int]],
    wish: tuple[int, int, Ints, float],
) -> bool:
    number, row, site, cost = wish
    group, old = state.groups[number], state.site[number][row].copy()
    gain = cost - state.cost[number][row]
    undo: list[tuple[int, int, Ints, float]] = []
    for line in range(group.size):
        here = int(site[line])
        if here == HELD or here == old[line]:
            continue
        sku, units = int(group.sku[row, line]), int(group.quantity[row, line])
        for leaving, other, at, target, price in leavers.get((sku, here), ()):
            if state.free[sku, here] >= units or gain >= -LEAST_GAIN:
                break
            if (other, at) == (number, row) or (other, at) in touched or not state.fits(other, at, target):
                continue
            undo.append((other, at, state.site[other][at].copy(), float(state.cost[other][at])))
            state.move(other, at, target, price)
            gain += leaving
        if state.free[sku, here] < units:
            gain = 0.0
            break
    if gain < -LEAST_GAIN and state.fits(number, row, site):
        state.move(number, row, site, cost)
        touched.add((number, row))
        touched.update((other, at) for other, at, _site, _cost in undo)
        return True
    for other, at, before, price in reversed(undo):
        state.move(other, at, before, price)
    return False
