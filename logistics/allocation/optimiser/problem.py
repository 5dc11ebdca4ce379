"""A batch of orders as arrays: what they want, where units lie, and what each parcel would cost.

Axes: `place` is where an order goes, `site` a warehouse, `carrier` who carries. Money is in fen, as floats; weights are
whole grams. A line is shipped whole from one site or held; lines of one order from one site are one parcel.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
HELD = -1
MOST_LINES = 6


@dataclass(frozen=True)
class Tariff:
    """What parcels cost. `first`, `step`, `missed` (the worth of a kept promise × the chance that it is missed) and
    `eta_hours` are [place, site, carrier], infinite `first` where nobody carries; weights are that or [carrier]."""

    first: Floats
    step: Floats
    missed: Floats
    eta_hours: Floats
    first_weight_g: Floats
    step_weight_g: Floats
    max_weight_g: Floats
    divisor: Floats
    per_parcel: float
    late_per_hour: float

    def standing(self, place: Ints, promise_hours: Floats) -> Floats:
        """What a parcel costs whatever it weighs: [order, site, carrier]."""
        late = np.maximum(self.eta_hours[place] - promise_hours[:, None, None], 0.0) * self.late_per_hour
        total: Floats = self.first[place] + self.missed[place] + late + self.per_parcel
        return total

    def steps(self, place: Ints, weight_g: Floats, volume_cm3: Floats) -> Floats:
        """Steps above the first weight that each carrier bills, infinite where it is too heavy: [order, site or 1,
        carrier]."""
        volumetric = np.ceil(volume_cm3[:, None] * 1000 / np.where(self.divisor > 0, self.divisor, np.inf))
        billed = np.maximum(weight_g[:, None], volumetric)[:, None, :]
        above = np.maximum(billed - _on_lane(self.first_weight_g, place), 0.0)
        steps = np.ceil(above / _on_lane(self.step_weight_g, place))
        return np.where(billed > _on_lane(self.max_weight_g, place), np.inf, steps)

    def parcels(self, place: Ints, promise_hours: Floats, weight_g: Floats, volume_cm3: Floats) -> Floats:
        """What one parcel of each order would cost from each site with its cheapest carrier: [order, site]."""
        standing, step = self.standing(place, promise_hours), self.step[place]
        with np.errstate(invalid="ignore"):
            by_carrier = standing + step * self.steps(place, weight_g, volume_cm3)
        least: Floats = np.where(np.isnan(by_carrier), np.inf, by_carrier).min(axis=2)
        return least


def _on_lane(weights: Floats, place: Ints) -> Floats:
    return weights if weights.ndim == 1 else weights[place]


@dataclass(frozen=True)
class Batch:
    """Orders with their lines one after the other: those of order i are `line_start[i]` to `line_start[i + 1]`.

    `stock` is [sku, site]. `hold` is what not shipping a line costs. `open_sites` [order, site] says which sites may
    serve an order, `room` how many more parcels each site can send.
    """

    place: Ints
    promise_hours: Floats
    line_start: Ints
    sku: Ints
    quantity: Ints
    weight_g: Floats
    volume_cm3: Floats
    hold: Floats
    stock: Ints
    tariff: Tariff
    open_sites: Bools | None = None
    room: Ints | None = None

    @property
    def orders(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Plan:
    """`site` of each line (HELD for none), `cost` of each order in fen, and how the plan came about."""

    site: Ints
    cost: Floats
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return int(np.count_nonzero(self.site == HELD))

    @property
    def total(self) -> float:
        return float(self.cost.sum())
