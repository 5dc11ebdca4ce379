"""Where one order's units come from, with the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from logistics.allocation.arrays import is_open
from logistics.allocation.deciding import decide
from logistics.allocation.engine import AllocationRequest, NetworkSnapshot, Site, allocate
from logistics.allocation.inputs import Inputs
from logistics.allocation.models import FulfilmentLine, FulfilmentRequest
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.policies import live_terms
from logistics.allocation.services.reading import read_inputs


@dataclass(frozen=True)
class Choice:
    """`parcels`: units by SKU id, by warehouse id; empty when the order has to wait, and `record` says why."""

    parcels: Mapping[int, Mapping[int, int]]
    record: dict[str, Any]
    inputs: Inputs


def choose(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], now: datetime) -> Choice:
    """The cheapest plan that sends each line whole. Where there is none, or too many lines to try all ways, the nearest
    warehouses send them, a line from several if need be."""
    return choose_by(read_inputs(asked=[(request, lines)], terms=live_terms(), now=now))


def choose_by(inputs: Inputs) -> Choice:
    """The choice for the one order in `inputs`: pure, so that it can be made again from what was kept."""
    if len(inputs.wanted[0].lines) <= MOST_LINES:
        (decision,) = decide(inputs).decisions
        if decision.parcels:
            return Choice(decision.parcels, decision.record, inputs)
    return _from_nearest(inputs)


def _from_nearest(inputs: Inputs) -> Choice:
    (wanted,) = inputs.wanted
    sites: list[Site] = []
    for site in inputs.sites:
        may_serve = is_open(inputs, wanted, site) and site.room != 0
        turned_down = site.warehouse_id in wanted.avoid
        why_not = "turned_down" if turned_down else "full" if site.room == 0 else "ruled_out"
        sites.append(
            Site(
                warehouse_id=site.warehouse_id,
                code=site.code,
                name=site.name,
                longitude=site.longitude,
                latitude=site.latitude,
                # They come in the order of their priority.
                priority=len(sites),
                is_active=may_serve,
                free=site.free,
                closed=why_not if site.is_active else "closed",
            )
        )
    items = {line.sku_id: line.quantity for line in wanted.lines}
    asked = AllocationRequest("", items, wanted.longitude, wanted.latitude)
    plan = allocate(asked, NetworkSnapshot(tuple(sites)))
    basis = {
        "policy": inputs.terms.version,
        "rates": inputs.rates_digest(),
        "inputs": inputs.digest(),
        "planned_with": 1,
    }
    return Choice(plan.parcels, {**plan.record(), **basis}, inputs)
