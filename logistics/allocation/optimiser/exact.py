"""Exact mode: of the plans that orders named, the cheapest set that the stock allows, by mixed-integer programming.

Optional: nothing else imports it or its solver. Without a better result in time, what was there before is kept.
"""

from dataclasses import dataclass

import highspy
import numpy as np

from logistics.allocation.optimiser.columns import Columns
from logistics.allocation.optimiser.problem import HELD, Floats, Ints
from logistics.allocation.optimiser.state import State

GAP = 0.0002


@dataclass(frozen=True)
class _Master:
    """Rows: one plan for each order, then the units of each cell that could run out, then parcels of full sites."""

    upper: Floats
    orders: int
    start: Ints
    row: Ints
    value: Floats


def choose_together(state: State, columns: Columns, *, seconds: float) -> bool:
    """Replace the state's plan by the best that the solver finds in time; returns whether it was better."""
    solver = _solver(state, columns, seconds)
    solver.run()
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return False
    taken = np.asarray(solver.getSolution().col_value) > 0.5
    if float(columns.cost[taken].sum()) >= state.total:
        return False
    _take(state, columns, np.flatnonzero(taken))
    return True


def _solver(state: State, columns: Columns, seconds: float) -> highspy.Highs:
    master = _master(state, columns)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(columns.cost), len(master.upper)
    program.col_cost_ = columns.cost
    program.col_lower_, program.col_upper_ = np.zeros(len(columns.cost)), np.ones(len(columns.cost))
    lower = np.full(len(master.upper), -highspy.kHighsInf)
    lower[: master.orders] = 1.0
    program.row_lower_, program.row_upper_ = lower, master.upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = master.start, master.row
    program.a_matrix_.value_ = master.value
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(columns.cost)
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "random_seed": 0, "time_limit": seconds, "mip_rel_gap": GAP}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(program)
    incumbent = highspy.HighsSolution()
    incumbent.col_value = columns.chosen.astype(float)
    solver.setSolution(incumbent)
    return solver


def _master(state: State, columns: Columns) -> _Master:
    first = np.cumsum([0, *(len(group.orders) for group in state.groups)])
    order = first[columns.number] + columns.row
    rows, plans, values = [order], [np.arange(len(order))], [np.ones(len(order))]
    sites = state.free.shape[1]
    for number, group in enumerate(state.groups):
        mine = np.flatnonzero(columns.number == number)
        for line in range(group.size):
            sent = mine[columns.site[mine, line] != HELD]
            at = columns.row[sent]
            rows.append(first[-1] + group.sku[at, line] * sites + columns.site[sent, line])
            plans.append(sent)
            values.append(group.quantity[at, line].astype(float))
    limits = [np.ones(first[-1]), state.batch.stock.ravel()]
    if state.batch.room is not None:
        limits.append(state.batch.room)
        for site in range(sites):
            sending = np.flatnonzero((columns.site == site).any(axis=1))
            rows.append(np.full(len(sending), first[-1] + state.batch.stock.size + site))
            plans.append(sending)
            values.append(np.ones(len(sending)))
    return _compressed(np.concatenate(rows), np.concatenate(plans), np.concatenate(values), limits, order)


def _compressed(row: Ints, plan: Ints, value: Floats, limits: list[Ints], order: Ints) -> _Master:
    """By plan, without the rows that no choice could exceed."""
    limit = np.concatenate(limits).astype(float)
    orders = len(limits[0])
    most = np.zeros((len(limit),))
    # What an order takes at most of a cell is the same in all of its plans: a line is sent whole.
    once = np.unique(np.column_stack([row, order[plan], value.astype(np.int64)]), axis=0)
    np.add.at(most, once[:, 0], once[:, 2])
    kept = most > limit
    kept[:orders] = True
    renumbered, inside = np.cumsum(kept) - 1, kept[row]
    row, plan, value = renumbered[row[inside]], plan[inside], value[inside]
    by_plan = np.lexsort((row, plan))
    start = np.searchsorted(plan[by_plan], np.arange(len(order) + 1))
    return _Master(limit[kept], orders, start, row[by_plan], value[by_plan])


def _take(state: State, columns: Columns, taken: Ints) -> None:
    """Everybody lets go first, so that no order waits for another to leave."""
    for each in taken:
        number, row = int(columns.number[each]), int(columns.row[each])
        held = np.full_like(state.site[number][row], HELD)
        state.move(number, row, held, float(state.groups[number].hold[row].sum()))
    for each in taken:
        number, row = int(columns.number[each]), int(columns.row[each])
        site = columns.site[each, : state.groups[number].size].copy()
        state.move(number, row, site, float(columns.cost[each]))
