"""Small batches, and their best plans by trying everything."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from logistics.allocation.optimiser.problem import HELD, Batch, Tariff

Lines = Sequence[tuple[int, int, int]]


def tariff(first: Sequence[Sequence[Sequence[float]]], **fields) -> Tariff:
    """`first` is [place][site][carrier]; otherwise 100 a step of a kilo above the first one, and nothing else."""
    shape = np.array(first).shape
    each = np.ones(shape[2])
    given = {
        "first": np.array(first, dtype=float),
        "step": np.full(shape, 100.0),
        "missed": np.zeros(shape),
        "eta_hours": np.full(shape, 24.0),
        "first_weight_g": each * 1000,
        "step_weight_g": each * 1000,
        "max_weight_g": each * np.inf,
        "divisor": each * 0,
        "per_parcel": 0.0,
        "late_per_hour": 0.0,
    }
    return Tariff(**{**given, **fields})


def batch(orders: Sequence[Lines], stock: Sequence[Sequence[int]], rates: Tariff, **fields) -> Batch:
    """`orders` are lists of (sku, quantity, grams of the line), `stock` is [sku][site]; all go to place 0, to hold a
    line costs 10,000."""
    lines = [line for order in orders for line in order]
    given = {
        "place": np.zeros(len(orders), dtype=np.int64),
        "promise_hours": np.full(len(orders), 48.0),
        "line_start": np.cumsum([0, *(len(order) for order in orders)]),
        "sku": np.array([line[0] for line in lines]),
        "quantity": np.array([line[1] for line in lines]),
        "weight_g": np.array([line[2] for line in lines], dtype=float),
        "volume_cm3": np.zeros(len(lines)),
        "hold": np.full(len(lines), 10_000.0),
        "stock": np.array(stock),
    }
    return Batch(**{**given, **fields}, tariff=rates)


def random_batch(seed: int, *, orders: int, sites: int = 3, skus: int = 3, most_lines: int = 3, room=None) -> Batch:
    dice = np.random.default_rng(seed)
    wanted = []
    for _order in range(orders):
        chosen = dice.choice(skus, size=int(dice.integers(1, most_lines + 1)), replace=False)
        wanted.append([(int(sku), int(dice.integers(1, 3)), int(dice.integers(1, 30)) * 100) for sku in chosen])
    rates = tariff(dice.integers(4, 30, size=(2, sites, 2)) * 100.0, late_per_hour=50.0, per_parcel=300.0)
    return batch(
        wanted,
        dice.integers(0, 4, size=(skus, sites)),
        rates,
        place=dice.integers(0, 2, size=orders),
        promise_hours=dice.integers(10, 60, size=orders).astype(float),
        room=room,
    )


def cost_of(given: Batch, order: int, sites: Sequence[int]) -> float:
    """One order's cost by the formula, line by line; infinite where a carrier refuses all."""
    rates, place = given.tariff, given.place[order]
    lines = range(given.line_start[order], given.line_start[order + 1])
    total = sum(given.hold[line] for line, site in zip(lines, sites, strict=True) if site == HELD)
    for site in {site for site in sites if site != HELD}:
        weight = sum(given.weight_g[line] for line, at in zip(lines, sites, strict=True) if at == site)
        costs = []
        for carrier in range(rates.first.shape[2]):
            steps = math.ceil(max(weight - rates.first_weight_g[carrier], 0) / rates.step_weight_g[carrier])
            late = max(rates.eta_hours[place, site, carrier] - given.promise_hours[order], 0) * rates.late_per_hour
            standing = rates.first[place, site, carrier] + rates.missed[place, site, carrier] + late
            costs.append(standing + rates.step[place, site, carrier] * steps)
        total += min(costs) + rates.per_parcel
    return float(total)


def every_plan(given: Batch, order: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """All plans of one order that the whole stock would allow."""
    lines = range(given.line_start[order], given.line_start[order + 1])
    choices = [
        [HELD, *(site for site in range(given.stock.shape[1]) if given.stock[given.sku[n], site] >= given.quantity[n])]
        for n in lines
    ]
    for sites in itertools.product(*choices):
        yield sites, cost_of(given, order, sites)


def overdrawn(given: Batch, sites: Sequence[int]) -> bool:
    left = given.stock.copy()
    for line, site in enumerate(sites):
        if site != HELD:
            left[given.sku[line], site] -= given.quantity[line]
    return bool((left < 0).any())


def least_total(given: Batch) -> float:
    """The cost of the best plan of all orders together, by trying every combination."""
    plans = [list(every_plan(given, order)) for order in range(given.orders)]
    return min(
        sum(cost for _sites, cost in chosen)
        for chosen in itertools.product(*plans)
        if not overdrawn(given, [site for sites, _cost in chosen for site in sites])
    )
