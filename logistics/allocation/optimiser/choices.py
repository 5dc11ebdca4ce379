"""The best plan of each order by itself: exact over all ways to part its lines among sites.

Orders with equally many lines are computed together. `parcel[order, subset - 1, site]` is the cost of sending a subset
of the lines (bits, the first line the lowest) from a site with its cheapest carrier.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from logistics.allocation.optimiser.problem import HELD, MOST_LINES, Batch, Bools, Floats, Ints


@dataclass(frozen=True)
class Group:
    """Orders of one number of lines. `orders` and `lines` are their positions in the batch."""

    orders: Ints
    lines: Ints
    sku: Ints
    quantity: Ints
    hold: Floats
    parcel: Floats

    @property
    def size(self) -> int:
        return int(self.lines.shape[1])

    def some(self, rows: Ints) -> "Group":
        return Group(
            self.orders[rows],
            self.lines[rows],
            self.sku[rows],
            self.quantity[rows],
            self.hold[rows],
            self.parcel[rows],
        )


def groups_of(batch: Batch) -> list[Group]:
    """Raises ValueError for an order without lines or with more than MOST_LINES: those are chosen one by one."""
    sizes = np.diff(batch.line_start)
    if batch.orders and (sizes.min() < 1 or sizes.max() > MOST_LINES):
        raise ValueError(f"an order of a batch has 1 to {MOST_LINES} lines")
    return [_group(batch, np.flatnonzero(sizes == size), int(size)) for size in np.unique(sizes)]


def _group(batch: Batch, orders: Ints, size: int) -> Group:
    lines = batch.line_start[orders][:, None] + np.arange(size)
    parcel = _parcel_costs(batch, orders, lines)
    return Group(orders, lines, batch.sku[lines], batch.quantity[lines], batch.hold[lines], parcel)


def _parcel_costs(batch: Batch, orders: Ints, lines: Ints) -> Floats:
    place, promise = batch.place[orders], batch.promise_hours[orders]
    weight, volume = batch.weight_g[lines], batch.volume_cm3[lines]
    costs: Floats = np.empty((len(orders), (1 << lines.shape[1]) - 1, batch.stock.shape[1]))
    for subset in range(1, 1 << lines.shape[1]):
        inside = [line for line in range(lines.shape[1]) if subset >> line & 1]
        together = weight[:, inside].sum(axis=1), volume[:, inside].sum(axis=1)
        costs[:, subset - 1] = batch.tariff.parcels(place, promise, *together)
    if batch.open_sites is not None:
        costs[~np.repeat(batch.open_sites[orders][:, None, :], costs.shape[1], axis=1)] = np.inf
    # Rounded, so that equal costs are equal wherever they are computed and ties go to the earlier site.
    rounded: Floats = np.round(costs, 4)
    return rounded


def best_plans(group: Group, extra: Floats) -> tuple[Floats, Ints]:
    """Each order's least cost and the sites of its lines, when sending line l from site s costs `extra[order, l, s]`
    more (infinite where it cannot). Ties go to the earlier site, and to fewer parcels."""
    ship, origin = _cheapest_sites(group, extra)
    full = (1 << group.size) - 1
    best = np.zeros((full + 1, len(group.orders)))
    part = np.zeros((full + 1, len(group.orders)), dtype=np.int64)
    for subset in range(1, full + 1):
        parts = list(_parts(subset))
        totals = np.stack([ship[each] + best[subset ^ each] for each in parts])
        chosen = totals.argmin(axis=0)
        best[subset] = totals[chosen, np.arange(totals.shape[1])]
        part[subset] = np.asarray(parts)[chosen]
    return best[full], _traced(group, part, origin)


def _cheapest_sites(group: Group, extra: Floats) -> tuple[Floats, Ints]:
    """Per subset of the lines the least cost of one parcel, and its site; a line by itself may also be held."""
    full = (1 << group.size) - 1
    rows = np.arange(len(group.orders))
    ship = np.empty((full + 1, len(rows)))
    origin = np.empty((full + 1, len(rows)), dtype=np.int64)
    added: dict[int, Floats] = {}
    for subset in range(1, full + 1):
        low = subset & -subset
        line = low.bit_length() - 1
        added[subset] = extra[:, line] if subset == low else added[subset ^ low] + extra[:, line]
        total = group.parcel[:, subset - 1] + added[subset]
        origin[subset] = total.argmin(axis=1)
        ship[subset] = total[rows, origin[subset]]
        if subset == low:
            held = group.hold[:, line] < ship[subset]
            ship[subset] = np.where(held, group.hold[:, line], ship[subset])
            origin[subset][held] = HELD
    return ship, origin


def _parts(subset: int) -> Iterator[int]:
    """The parts of a subset that hold its lowest line, largest first."""
    low = subset & -subset
    rest = subset ^ low
    part = rest
    while True:
        yield part | low
        if not part:
            return
        part = (part - 1) & rest


def _traced(group: Group, part: Ints, origin: Ints) -> Ints:
    rows = np.arange(len(group.orders))
    left = np.full(len(rows), (1 << group.size) - 1, dtype=np.int64)
    site = np.full((len(rows), group.size), HELD, dtype=np.int64)
    for _parcel in range(group.size):
        chosen = part[left, rows]
        where = origin[chosen, rows]
        for line in range(group.size):
            inside = (chosen >> line & 1).astype(bool)
            site[inside, line] = where[inside]
        left ^= chosen
    return site


def plan_costs(group: Group, site: Ints) -> Floats:
    """What these plans cost, lines of one order from one site as one parcel."""
    rows = np.arange(len(group.orders))
    total = np.where(site == HELD, group.hold, 0.0).sum(axis=1)
    for line in range(group.size):
        together = site == site[:, [line]]
        subset = (together << np.arange(group.size)).sum(axis=1)
        first = (site[:, line] != HELD) & ~together[:, :line].any(axis=1)
        total[first] += group.parcel[rows[first], subset[first] - 1, site[first, line]]
    return total


def priced(group: Group, price: Floats) -> Floats:
    """The `extra` of units at these prices [sku, site]."""
    extra: Floats = price[group.sku] * group.quantity[:, :, None]
    return extra


def reachable(group: Group, free: Ints, site: Ints | None = None) -> Bools:
    """Which sites have each line whole, [order, line, site]; what an order takes at `site` now counts as free to it."""
    units = free[group.sku]
    if site is not None:
        rows, lines = np.nonzero(site != HELD)
        units[rows, lines, site[rows, lines]] += group.quantity[rows, lines]
    enough: Bools = units >= group.quantity[:, :, None]
    return enough
