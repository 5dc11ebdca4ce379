"""Two policies on the same orders, in yuan, before one of them is switched on.

The orders are planned anew under each, together, from what lies free now and what these orders themselves have or had;
carriers bill as they do today. Both plans are counted by the same policy, the first: what differs is what would be
done, not what it is called worth. Nothing is written.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from logistics.allocation.deciding import Decision, decide
from logistics.allocation.inputs import Inputs
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.reasons import Lookup, parcels_cost
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
Plan = Mapping[int, Decision]


@dataclass(frozen=True)
class Account:
    """What a policy would do with the orders, in fen by the first policy's worths."""

    version: int
    served: int
    waiting: int
    parcels: int
    split: int
    freight_fen: int
    late_fen: int
    missed_fen: int
    cost_fen: int


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
    before = _account(known, plans[0], costs[0], first.version)
    after = _account(known, plans[1], costs[1], second.version)
    names = {site.warehouse_id: site.name for site in inputs.sites}
    moves = [
        Move(
            request.order_number,
            _places(names, plans[0][request.pk]),
            _places(names, plans[1][request.pk]),
            round(costs[1][request.pk] - costs[0][request.pk]),
        )
        for request in requests
        if plans[0][request.pk].parcels != plans[1][request.pk].parcels
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
    asked = [(request, lines[request.pk][:MOST_LINES]) for request in requests]
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
    return {each.request_id: each for each in decide(inputs).decisions}


def _places(names: Mapping[int, str], decision: Decision) -> str:
    return ", ".join(names[each] for each in sorted(decision.parcels)) or "–"


def _costs(known: Lookup, plan: Plan) -> dict[int, float]:
    """What each order costs; one that waits costs so much for each of its lines."""
    terms, found = known.inputs.terms, {}
    for wanted in known.inputs.wanted:
        parcels = plan[wanted.request_id].parcels
        sent = sum(each["fen"] for each in parcels_cost(known, wanted, parcels))
        found[wanted.request_id] = sent if parcels else float(terms.waiting_fen(wanted.priority) * len(wanted.lines))
    return found


def _account(known: Lookup, plan: Plan, costs: Mapping[int, float], version: int) -> Account:
    served = [each for each in plan.values() if each.parcels]
    wanted = {each.request_id: each for each in known.inputs.wanted}
    parcels = [part for each in served for part in parcels_cost(known, wanted[each.request_id], each.parcels)]
    return Account(
        version=version,
        served=len(served),
        waiting=len(plan) - len(served),
        parcels=len(parcels),
        split=sum(len(each.parcels) > 1 for each in served),
        freight_fen=round(sum(part["freight"] for part in parcels)),
        late_fen=round(sum(part["late"] for part in parcels)),
        missed_fen=round(sum(part["missed"] for part in parcels)),
        cost_fen=round(sum(costs.values())),
    )
