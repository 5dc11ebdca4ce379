"""Which warehouse ships what of some orders, decided together, and why.

Pure: `Inputs` hold everything that a decision depends on. The same inputs give the same decisions, so a decision can be
played again from what was kept of it. An order is decided whole: all of its lines have a warehouse, or none.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from logistics.allocation.arrays import batch_of, distances, is_open
from logistics.allocation.inputs import Inputs, Wanted
from logistics.allocation.optimiser import HELD, Batch, Plan, optimise
from logistics.allocation.optimiser.choices import best_plans, groups_of, plan_costs, reachable
from logistics.allocation.reasons import Lookup, candidates_of, parcels_cost


@dataclass(frozen=True)
class Decision:
    """`parcels`: units by SKU id, by warehouse id; empty for an order that waits. `record` explains it."""

    request_id: int
    parcels: Mapping[int, Mapping[int, int]]
    record: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """`cost_fen` and `nearest_fen` are what all orders cost so, and what they would from the nearest warehouses."""

    decisions: tuple[Decision, ...]
    cost_fen: int
    nearest_fen: int

    def fingerprint(self) -> str:
        plans = [
            [each.request_id, sorted((warehouse, sorted(items.items())) for warehouse, items in each.parcels.items())]
            for each in self.decisions
        ]
        return hashlib.sha256(msgspec.json.encode(plans)).hexdigest()


def decide(inputs: Inputs) -> Outcome:
    """Orders that cannot be sent whole wait, and what they would have taken serves the others."""
    served = replace(inputs, wanted=tuple(each for each in inputs.wanted if _possible(inputs, each)))
    digest = inputs.digest()
    found: dict[int, Decision] = {}
    cost = nearest = 0.0
    if served.wanted:
        batch = batch_of(served)
        plan = optimise(batch, distances(served))
        waiting = _with_held_lines(batch, plan)
        if waiting.any() and not waiting.all():
            kept = tuple(each for each, waits in zip(served.wanted, waiting, strict=True) if not waits)
            served = replace(served, wanted=kept)
            batch = batch_of(served)
            plan = optimise(batch, distances(served))
            waiting = _with_held_lines(batch, plan)
        found = {each.request_id: each for each in _decisions(served, digest, batch, plan, waiting)}
        cost, nearest = plan.total, float(plan.steps["baseline"])
    decisions = tuple(found.get(each.request_id) or Decision(each.request_id, {}, {}) for each in inputs.wanted)
    return Outcome(decisions, round(cost), round(nearest))


def _possible(inputs: Inputs, wanted: Wanted) -> bool:
    """Whether each line is whole in some warehouse that may serve the order."""
    sites = [site for site in inputs.sites if is_open(inputs, wanted, site)]
    return all(any(site.free.get(line.sku_id, 0) >= line.quantity for site in sites) for line in wanted.lines)


def _with_held_lines(batch: Batch, plan: Plan) -> np.ndarray:
    return np.logical_or.reduceat(plan.site == HELD, batch.line_start[:-1])


def _decisions(inputs: Inputs, digest: str, batch: Batch, plan: Plan, waiting: np.ndarray) -> list[Decision]:
    known, rates = Lookup.of(inputs), inputs.rates_digest()
    runners_up = _runners_up(batch, plan)
    decisions = []
    for number, wanted in enumerate(inputs.wanted):
        if waiting[number]:
            continue
        lines = slice(batch.line_start[number], batch.line_start[number + 1])
        parcels = _parcels(wanted, [inputs.sites[int(site)].warehouse_id for site in plan.site[lines]])
        second = runners_up[number]
        decisions.append(
            Decision(
                wanted.request_id,
                parcels,
                {
                    "rule": "planned" if len(parcels) == 1 else "planned_split",
                    "short": {},
                    "policy": inputs.terms.version,
                    "rates": rates,
                    "inputs": digest,
                    "planned_with": len(inputs.wanted),
                    "cost_fen": round(float(plan.cost[number])),
                    "parcels": parcels_cost(known, wanted, parcels),
                    "runner_up": second
                    and {
                        "cost_fen": second[0],
                        "warehouses": sorted({inputs.sites[site].code for site in second[1] if site != HELD}),
                    },
                    "candidates": candidates_of(known, wanted, parcels),
                },
            )
        )
    return decisions


def _parcels(wanted: Wanted, warehouses: list[int]) -> dict[int, dict[int, int]]:
    parcels: dict[int, dict[int, int]] = {}
    for line, warehouse_id in zip(wanted.lines, warehouses, strict=True):
        parcels.setdefault(warehouse_id, {})[line.sku_id] = line.quantity
    return parcels


def _runners_up(batch: Batch, plan: Plan) -> list[tuple[int, list[int]] | None]:
    """Each order's best plan without any of the warehouses that it got, of the stock as it was; None for none."""
    found: list[tuple[int, list[int]] | None] = [None] * batch.orders
    for group in groups_of(batch):
        extra = np.where(reachable(group, batch.stock), 0.0, np.inf)
        site = plan.site[group.lines]
        sent = np.nonzero(site != HELD)
        extra[(*sent, site[sent])] = np.inf
        _value, second = best_plans(group, extra)
        cost = plan_costs(group, second)
        for row, order in enumerate(group.orders):
            if (second[row] != HELD).all():
                found[int(order)] = round(float(cost[row])), second[row].tolist()
    return found
