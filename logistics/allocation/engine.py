"""Which warehouse ships what: the nearest that has everything, otherwise each line from the nearest that has it.

Pure: one snapshot of the network in, a plan with its reasons out. The same input always gives the same plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logistics.network.geography import distance_km

Items = Mapping[int, int]


@dataclass(frozen=True)
class AllocationRequest:
    """Units wanted by SKU id, and where they go; without coordinates every warehouse counts as equally near."""

    order_number: str
    items: Items
    longitude: float | None
    latitude: float | None


@dataclass(frozen=True)
class Site:
    """A warehouse with its free units of the SKUs asked for."""

    warehouse_id: int
    code: str
    name: str
    longitude: float
    latitude: float
    priority: int
    is_active: bool
    free: Items
    # What is said of it when it is not active.
    closed: str = "closed"


@dataclass(frozen=True)
class NetworkSnapshot:
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Candidate:
    """How a warehouse fared. `verdict`: chosen, farther, incomplete, no_stock or what its site says when it is closed;
    `missing` units by SKU id."""

    warehouse_id: int
    code: str
    name: str
    distance_km: float | None
    verdict: str
    missing: Items


@dataclass(frozen=True)
class AllocationPlan:
    """`parcels`: items by warehouse id. `rule`: whole, split or short; when short nothing is planned."""

    rule: str
    parcels: Mapping[int, Items]
    candidates: tuple[Candidate, ...]
    short: Items = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The decision as it is kept: plain data that explains itself."""
        return {
            "rule": self.rule,
            "short": {str(sku_id): units for sku_id, units in self.short.items()},
            "candidates": [
                {
                    "warehouse": each.code,
                    "name": each.name,
                    "distance_km": each.distance_km,
                    "verdict": each.verdict,
                    "missing": {str(sku_id): units for sku_id, units in each.missing.items()},
                    "items": {str(sku_id): n for sku_id, n in self.parcels.get(each.warehouse_id, {}).items()},
                }
                for each in self.candidates
            ],
        }


def allocate(request: AllocationRequest, network: NetworkSnapshot) -> AllocationPlan:
    """Plan where the request's units come from. Ties in distance go to the smaller priority, then the smaller id."""
    distances = {site.warehouse_id: _distance(request, site) for site in network.sites}
    sites = sorted(network.sites, key=lambda s: (distances[s.warehouse_id] or 0.0, s.priority, s.warehouse_id))
    usable = [site for site in sites if site.is_active]
    missing = {site.warehouse_id: _missing(request.items, site) for site in sites}
    complete = next((site for site in usable if not missing[site.warehouse_id]), None)
    parcels, short = _split(request.items, usable) if complete is None else (_all_from(complete, request.items), {})
    rule = "short" if short else "split" if complete is None else "whole"
    if short:
        parcels = {}
    candidates = tuple(
        _candidate(request.items, site, distances[site.warehouse_id], parcels, missing[site.warehouse_id])
        for site in sites
    )
    return AllocationPlan(rule, parcels, candidates, short)


def take_out(holdings: Mapping[int, Items], items: Items) -> dict[int, dict[int, int]] | None:
    """Which of the parcels (units by SKU id, by the parcel's id) give `items` up; None when they hold fewer.

    The smallest parcel first, so that one parcel vanishes rather than that two shrink.
    """
    taken: dict[int, dict[int, int]] = {}
    smallest_first = sorted(holdings, key=lambda parcel: (sum(holdings[parcel].values()), parcel))
    for sku_id, wanted in sorted(items.items()):
        left = wanted
        for parcel in smallest_first:
            units = min(left, holdings[parcel].get(sku_id, 0))
            if units:
                taken.setdefault(parcel, {})[sku_id] = units
                left -= units
        if left:
            return None
    return taken


def reduced_record(decision: Mapping[str, Any], *, warehouse: str, items: Items) -> dict[str, Any]:
    """The record of a decision after the parcel from the warehouse of this code was reduced to `items`."""
    sends = {str(sku_id): units for sku_id, units in items.items()}
    candidates = [
        {**each, "items": sends} if each["warehouse"] == warehouse else each for each in decision["candidates"]
    ]
    return {**decision, "rule": "reduced", "candidates": candidates}


def _all_from(site: Site, items: Items) -> dict[int, dict[int, int]]:
    return {site.warehouse_id: dict(sorted(items.items()))} if items else {}


def _split(items: Items, sites: list[Site]) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
    """Each line from the nearest site that has all of it, else from the nearest ones together."""
    parcels: dict[int, dict[int, int]] = {}
    short: dict[int, int] = {}
    for sku_id, wanted in sorted(items.items()):
        whole = next((site for site in sites if site.free.get(sku_id, 0) >= wanted), None)
        for site in [whole] if whole is not None else sites:
            taken = min(wanted, site.free.get(sku_id, 0))
            if taken > 0:
                parcels.setdefault(site.warehouse_id, {})[sku_id] = taken
                wanted -= taken
        if wanted:
            short[sku_id] = wanted
    return parcels, short


def _candidate(
    items: Items, site: Site, distance: float | None, parcels: Mapping[int, Items], missing: Items
) -> Candidate:
    if site.warehouse_id in parcels:
        verdict = "chosen"
    elif not site.is_active:
        verdict = site.closed
    elif len(missing) == len(items) and not any(map(site.free.get, items)):
        verdict = "no_stock"
    else:
        verdict = "incomplete" if missing else "farther"
    return Candidate(site.warehouse_id, site.code, site.name, distance, verdict, missing)


def _missing(items: Items, site: Site) -> dict[int, int]:
    free = site.free
    if not free:
        return dict(items)
    return {sku: wanted - left for sku, wanted in items.items() if (left := free.get(sku, 0)) < wanted}


def _distance(request: AllocationRequest, site: Site) -> float | None:
    if request.longitude is None or request.latitude is None:
        return None
    kilometres = distance_km(
        longitude=request.longitude,
        latitude=request.latitude,
        to_longitude=site.longitude,
        to_latitude=site.latitude,
    )
    return round(kilometres, 1)
