"""Allocation instances: read for the engine, and checked without it.

The format is described in `instances/README.md`. `audit` shares no line with the engine: it walks over the plan in
plain Python, proves that no cell of stock is overdrawn and adds up what the plan costs, parcel by parcel.
"""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from logistics.allocation.optimiser.problem import Batch, Tariff

HELD = -1
FEN = 100


@dataclass(frozen=True)
class Audit:
    """Cost in yuan, held lines, orders in more than one parcel, and what is wrong with the plan."""

    yuan: float
    held: int
    split: int
    faults: tuple[str, ...]


def read(path: Path) -> dict[str, Any]:
    with gzip.open(path, "rt") as file:
        found: dict[str, Any] = json.load(file)
    return found


def as_batch(data: dict[str, Any]) -> tuple[Batch, Any]:
    """The instance as arrays, and the distances [place, site] of the baseline."""
    tariff, orders = _tariff(data), data["orders"]
    lines = [line for order in orders for line in order["lines"]]
    start = np.cumsum([0, *(len(order["lines"]) for order in orders)])
    sku, quantity = np.array(lines).T
    weight = np.rint(np.array(data["sku_weight_kg"]) * 1000)[sku] * quantity
    place = np.array([order["city"] for order in orders])
    promise = np.array([order["promise_hours"] for order in orders])
    owner = np.repeat(np.arange(len(orders)), np.diff(start))
    nothing = np.zeros(len(sku))
    alone = tariff.parcels(place[owner], promise[owner], weight, nothing)
    hold = alone.min(axis=1) + data["constants"]["hold_yuan_per_line"] * FEN
    stock = np.array(data["stock"]).T.copy()
    batch = Batch(place, promise, start, sku, quantity, weight, nothing, hold, stock, tariff)
    return batch, np.array(data["distance_km"]).T


def _tariff(data: dict[str, Any]) -> Tariff:
    constants = data["constants"]
    first, step, eta = (np.array(data[name]).transpose(1, 0, 2) for name in ("first_yuan", "step_yuan", "eta_hours"))
    late = 1 - np.array([carrier["on_time"] for carrier in data["carriers"]])
    each = np.ones(len(late))
    return Tariff(
        first=first * FEN,
        step=step * FEN,
        missed=np.broadcast_to(constants["missed_promise_yuan"] * FEN * late, first.shape),
        eta_hours=eta.astype(float),
        first_weight_g=each * constants["first_weight_kg"] * 1000,
        step_weight_g=each * constants["weight_step_kg"] * 1000,
        max_weight_g=each * np.inf,
        divisor=each * 0,
        per_parcel=constants["per_parcel_yuan"] * FEN,
        late_per_hour=constants["late_yuan_per_hour"] * FEN,
    )


def audit(data: dict[str, Any], sites: Sequence[int]) -> Audit:
    """What the plan (a warehouse per line, -1 for held, in the order of the instance) comes to."""
    taken: dict[tuple[int, int], int] = defaultdict(int)
    yuan, held, split, position = 0.0, 0, 0, 0
    faults = []
    for order in data["orders"]:
        parcels: dict[int, float] = defaultdict(float)
        for sku, quantity in order["lines"]:
            site, position = int(sites[position]), position + 1
            weight = data["sku_weight_kg"][sku] * quantity
            if site == HELD:
                held += 1
                yuan += _alone(data, order, weight)
                continue
            parcels[site] += weight
            taken[site, sku] += quantity
        split += len(parcels) > 1
        yuan += sum(_parcel(data, order, site, weight) for site, weight in parcels.items())
    if position != len(sites):
        faults.append(f"{len(sites)} lines were planned, the orders have {position}")
    for (site, sku), units in sorted(taken.items()):
        if units > data["stock"][site][sku]:
            faults.append(f"warehouse {site} gives {units} of SKU {sku} and has {data['stock'][site][sku]}")
    return Audit(yuan, held, split, tuple(faults))


def _alone(data: dict[str, Any], order: dict[str, Any], weight: float) -> float:
    cheapest = min(_parcel(data, order, site, weight) for site in range(len(data["stock"])))
    return float(cheapest + data["constants"]["hold_yuan_per_line"])


def _parcel(data: dict[str, Any], order: dict[str, Any], site: int, weight: float) -> float:
    constants, city = data["constants"], order["city"]
    above = max(weight - constants["first_weight_kg"], 0) / constants["weight_step_kg"]
    steps = math.ceil(above - 1e-9)
    costs = []
    for number, carrier in enumerate(data["carriers"]):
        late = max(data["eta_hours"][site][city][number] - order["promise_hours"], 0)
        costs.append(
            data["first_yuan"][site][city][number]
            + data["step_yuan"][site][city][number] * steps
            + constants["missed_promise_yuan"] * (1 - carrier["on_time"])
            + constants["late_yuan_per_hour"] * late
        )
    return float(min(costs) + constants["per_parcel_yuan"])
