"""Scarcity prices: what a unit of a SKU at a site is worth to the orders that compete for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logistics.allocation.optimiser.choices import Group, best_plans, priced, reachable
from logistics.allocation.optimiser.problem import HELD, Floats, Ints

PATIENCE = 4
KEEP_EVERY = 3


@dataclass(frozen=True)
class Prices:
    """`unit` is [sku, site] in fen, `seen` some that led to it; no plan of the batch costs less than `bound`."""

    unit: Floats
    bound: float
    seen: tuple[Floats, ...]


def scarcity_prices(groups: Sequence[Group], stock: Ints, *, rounds: int, upper: float) -> Prices:
    """Subgradient ascent of the Lagrangian that gives stock up for a price. `upper` is the cost of some plan."""
    price = np.zeros(stock.shape)
    barred = [np.where(reachable(group, stock), 0.0, np.inf) for group in groups]
    best, best_price, since, pace = -np.inf, price, 0, 1.0
    direction = np.zeros(stock.shape)
    seen = []
    for number in range(rounds):
        value, demand = _relaxed(groups, barred, price)
        if number % KEEP_EVERY == 0:
            seen.append(price)
        value -= float((price * stock).sum())
        if value > best + 1e-6 * abs(best if np.isfinite(best) else 1.0):
            best, best_price, since = value, price.copy(), 0
        else:
            since += 1
            if since == PATIENCE:
                pace, since = pace * 0.7, 0
                price = best_price.copy()
                direction[:] = 0.0
                continue
        missing = (demand - stock).astype(np.float64)
        missing[(price <= 0) & (missing < 0)] = 0.0
        direction = 0.6 * direction + missing
        norm = float((direction * direction).sum())
        if norm == 0.0:
            break
        price = np.maximum(price + pace * max(upper - value, 0.0) / norm * direction, 0.0)
    return Prices(best_price, float(best), tuple(seen))


def _relaxed(groups: Sequence[Group], barred: Sequence[Floats], price: Floats) -> tuple[float, Ints]:
    """Every order's best plan at these prices as if it were alone: their cost, and the units they take."""
    total, demand = 0.0, np.zeros(price.shape, dtype=np.int64)
    for group, closed in zip(groups, barred, strict=True):
        value, site = best_plans(group, priced(group, price) + closed)
        total += float(value.sum())
        taken = site != HELD
        np.add.at(demand, (group.sku[taken], site[taken]), group.quantity[taken])
    return total, demand
