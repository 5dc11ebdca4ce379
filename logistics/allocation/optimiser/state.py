"""A plan under construction: where each line comes from, what is still free, and single orders that move."""

import numpy as np

from logistics.allocation.optimiser.choices import Group, plan_costs, reachable
from logistics.allocation.optimiser.problem import HELD, Batch, Bools, Floats, Ints, Plan


class State:
    """All lines held at first. `site[g]` and `cost[g]` are those of the orders of group g."""

    def __init__(self, batch: Batch, groups: list[Group]) -> None:
        self.batch, self.groups = batch, groups
        self.free = batch.stock.copy()
        self.room = None if batch.room is None else batch.room.copy()
        self.site = [np.full(group.lines.shape, HELD, dtype=np.int64) for group in groups]
        self.cost = [group.hold.sum(axis=1) for group in groups]

    @property
    def total(self) -> float:
        return float(sum(cost.sum() for cost in self.cost))

    @property
    def held(self) -> int:
        return int(sum(np.count_nonzero(site == HELD) for site in self.site))

    def barred(self, number: int, rows: Ints | None = None) -> Floats:
        """Zero where an order of the group could take a line now, its own units counted as free; else infinite."""
        group = self.groups[number] if rows is None else self.groups[number].some(rows)
        site = self.site[number] if rows is None else self.site[number][rows]
        open_to: Bools = reachable(group, self.free, site)
        if self.room is not None and (self.room <= 0).any():
            full = self.room <= 0
            used = (site[:, :, None] == np.arange(len(full))).any(axis=1)
            open_to = open_to & (~full | used)[:, None, :]
        return np.where(open_to, 0.0, np.inf)

    def fits(self, number: int, row: int, site: Ints) -> bool:
        """Whether the order could have its lines from these sites now, after giving up what it has."""
        group, old = self.groups[number], self.site[number][row]
        for line in range(group.size):
            here = site[line]
            if here == HELD or here == old[line]:
                continue
            if self.free[group.sku[row, line], here] < group.quantity[row, line]:
                return False
        if self.room is not None:
            new = {int(each) for each in site if each != HELD} - {int(each) for each in old}
            return all(self.room[each] > 0 for each in new)
        return True

    def move(self, number: int, row: int, site: Ints, cost: float) -> None:
        """Give up what the order has and take this instead; the caller has asked `fits`."""
        group, old = self.groups[number], self.site[number][row]
        for line in range(group.size):
            if site[line] == old[line]:
                continue
            sku, units = group.sku[row, line], group.quantity[row, line]
            if old[line] != HELD:
                self.free[sku, old[line]] += units
            if site[line] != HELD:
                self.free[sku, site[line]] -= units
        if self.room is not None:
            for each in {int(s) for s in old if s != HELD}:
                self.room[each] += 1
            for each in {int(s) for s in site if s != HELD}:
                self.room[each] -= 1
        self.site[number][row] = site
        self.cost[number][row] = cost

    def plan(self, steps: dict[str, float]) -> Plan:
        line_site = np.full(len(self.batch.sku), HELD, dtype=np.int64)
        cost: Floats = np.zeros(self.batch.orders)
        for group, site in zip(self.groups, self.site, strict=True):
            line_site[group.lines] = site
            cost[group.orders] = plan_costs(group, site)
        return Plan(line_site, cost, steps)
