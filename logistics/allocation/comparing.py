"""Two policies on the same orders, in yuan, before one of them is switched on.

The orders are planned anew under each as waiting ones are: together, and whoever is left over by itself, a line from
several warehouses if need be. They take from what lies free now and what they themselves have or had; carriers bill as
they do today. Both plans are counted by the same policy, the first: what differs is what would be done, not what it is
called worth. Nothing is written.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from logistics.allocation.deciding import decide
from logistics.allocation.inputs import Inputs, LaneRates
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.reasons import Lookup, parcels_cost
from logistics.allocation.services.choosing import choose_by
from logistics.allocation.services.reading import read_inputs
from logistics.allocation.terms import Terms

MOST = 500
# Which orders: those not shipped yet, or those of so many days.
SCOPES = {
    "open": (_("Open orders"), None),
    "week": (_("Orders of the last 7 days"), 7),
    "month": (_("Orders of the last 30 days"), 30),
}
Status = FulfilmentRequest.Status
# Units by SKU id, by warehouse id; of an order that waits none. A plan holds those of each request.
Parcels = Mapping[int, Mapping[int, int]]
Plan = Mapping[int, Parcels]
PARTS = ("freight", "per_parcel", "way", "late", "missed")


@dataclass(frozen=True)
class Account:
    """What a policy would do with the orders, in whole fen by the first policy's worths: all of `cost_fen` is in one of
    the others."""

    version: int
    served: int
    waiting: int
    parcels: int
    split: int
    freight_fen: int
    per_parcel_fen: int
    way_fen: int
    late_fen: int
    missed_fen: int
    waiting_fen: int

    @property
    def cost_fen(self) -> int:
        sent = self.freight_fen + self.per_parcel_fen + self.way_fen + self.late_fen + self.missed_fen
        return sent + self.waiting_fen


@dataclass(frozen=True)
class Move:
    """An order that would come from elsewhere; `more_fen` is what that costs more, negative for less."""

    order_number: str
    first: str
    second: str
    more_fen: int


@dataclass(frozen=True)
class Comparison:
    """`moves` with the largest difference first."""

    orders: int
    first: Account
    second: Account
    moves: list[Move]


def compare(*, scope: str, first: Terms, second: Terms, now: datetime) -> Comparison:
    requests = _requests(scope, now)
    inputs = _inputs(requests, first, now)
    known = Lookup.of(inputs)
    plans = [_plan(replace(inputs, terms=terms)) for terms in (first, second)]
    costs = [_costs(known, plan) for plan in plans]
    before = _account(plans[0], costs[0], first.version)
    after = _account(plans[1], costs[1], second.version)
    names = {site.warehouse_id: site.name for site in inputs.sites}
    moves = [
        Move(
            request.order_number,
            _places(names, plans[0][request.pk]),
            _places(names, plans[1][request.pk]),
            costs[1][request.pk].total() - costs[0][request.pk].total(),
        )
        for request in requests
        if plans[0][request.pk] != plans[1][request.pk]
    ]
    return Comparison(len(requests), before, after, sorted(moves, key=lambda each: -abs(each.more_fen)))


def _requests(scope: str, now: datetime) -> list[FulfilmentRequest]:
    _label, days = SCOPES[scope]
    found = FulfilmentRequest.objects.filter(lines__quantity__gt=0)
    if days is not None:
        found = found.filter(status=Status.ALLOCATED, created_at__gte=now - timedelta(days=days))
    else:
        unshipped = Allocation.objects.filter(status=Allocation.Status.OPEN).values("request")
        found = found.filter(status=Status.WAITING) | found.filter(status=Status.ALLOCATED, pk__in=unshipped)
    return list(found.distinct().order_by("-pk")[:MOST])


def _inputs(requests: Sequence[FulfilmentRequest], terms: Terms, now: datetime) -> Inputs:
    lines: dict[int, list[FulfilmentLine]] = {request.pk: [] for request in requests}
    for line in FulfilmentLine.objects.filter(request__in=list(lines), quantity__gt=0).order_by("pk"):
        lines[line.request_id].append(line)
    asked = [(request, lines[request.pk]) for request in requests]
    inputs = read_inputs(asked=asked, terms=terms, now=now)
    theirs: Counter[tuple[int, int]] = Counter()
    had = AllocationLine.objects.filter(allocation__request__in=list(lines))
    had = had.exclude(allocation__status=Allocation.Status.RELEASED)
    for warehouse_id, sku_id, units in had.values_list("allocation__warehouse_id", "sku_id", "quantity"):
        theirs[warehouse_id, sku_id] += units
    sites = []
    for site in inputs.sites:
        own = {sku_id: units for (place, sku_id), units in theirs.items() if place == site.warehouse_id}
        free = {sku_id: site.free.get(sku_id, 0) + own.get(sku_id, 0) for sku_id in sorted({*site.free, *own})}
        sites.append(replace(site, free=free, room=None))
    return replace(inputs, sites=tuple(sites))


def _plan(inputs: Inputs) -> Plan:
    together = replace(inputs, wanted=tuple(each for each in inputs.wanted if len(each.lines) <= MOST_LINES))
    plan: dict[int, Parcels] = {each.request_id: each.parcels for each in decide(together).decisions}
    free = {site.warehouse_id: Counter(site.free) for site in inputs.sites}
    for parcels in plan.values():
        _take(free, parcels)
    lanes = defaultdict[str, list[LaneRates]](list)
    for lane in inputs.lanes:
        lanes[lane.destination].append(lane)
    left = [each for each in inputs.wanted if not plan.get(each.request_id)]
    for wanted in sorted(left, key=lambda each: (-each.priority, each.request_id)):
        skus = [line.sku_id for line in wanted.lines]
        sites = tuple(replace(site, free={sku: free[site.warehouse_id][sku] for sku in skus}) for site in inputs.sites)
        alone = Inputs((wanted,), sites, inputs.terms, tuple(lanes[wanted.destination]))
        plan[wanted.request_id] = choose_by(alone).parcels
        _take(free, plan[wanted.request_id])
    return plan


def _take(free: Mapping[int, Counter[int]], parcels: Parcels) -> None:
    for warehouse_id, items in parcels.items():
        free[warehouse_id].subtract(items)


def _places(names: Mapping[int, str], parcels: Parcels) -> str:
    return ", ".join(names[each] for each in sorted(parcels)) or "–"


def _costs(known: Lookup, plan: Plan) -> dict[int, Counter[str]]:
    """What each order costs, by part; one that waits costs so much for each of its lines."""
    terms, found = known.inputs.terms, {}
    for wanted in known.inputs.wanted:
        cost = found[wanted.request_id] = Counter[str]()
        for parcel in parcels_cost(known, wanted, plan[wanted.request_id]):
            # Each part in whole fen, so that what is shown adds up.
            cost.update({part: round(parcel[part]) for part in PARTS})
        if not plan[wanted.request_id]:
            cost["waiting"] = terms.waiting_fen(wanted.priority) * len(wanted.lines)
    return found


def _account(plan: Plan, costs: Mapping[int, Counter[str]], version: int) -> Account:
    parcels = [len(each) for each in plan.values() if each]
    parts = sum(costs.values(), Counter[str]())
    return Account(
        version=version,
        served=len(parcels),
        waiting=len(plan) - len(parcels),
        parcels=sum(parcels),
        split=sum(each > 1 for each in parcels),
        **{f"{part}_fen": parts[part] for part in (*PARTS, "waiting")},
    )
