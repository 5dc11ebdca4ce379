"""Orders that have a warehouse and that nobody picks yet are planned anew, together with those that wait.

Nothing is locked while planning. An order moves only when that saves enough; its parcel is planned anew and the old
waybill voided. What was settled by hand stays where it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from logistics.allocation.deciding import Decision, decide
from logistics.allocation.facts import FulfilmentRepacked
from logistics.allocation.inputs import Inputs
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest, PlanningRound
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.policies import live_terms
from logistics.allocation.preferences import REPLAN_SAVES_YUAN
from logistics.allocation.reasons import Lookup, parcels_cost
from logistics.allocation.services.committing import cells_of, commit_decisions, write_decisions
from logistics.allocation.services.planning import AT_ONCE, MICRO_BATCH
from logistics.allocation.services.reading import lines_of, read_inputs
from logistics.allocation.services.rows import Status
from logistics.network.cells import Cell, lock_cells, shift_cells
from logistics.network.models import Warehouse
from logistics.network.picking import last_cut_off
from shop.core.outbox import publish
from shop.core.transactions import use_case

Parcels = Mapping[int, Mapping[int, int]]
# What people have settled stays as they have settled it.
BY_HAND = ("by_hand", "repacked")


@dataclass(frozen=True)
class Change:
    """A decision that moves an order; `before` is where its units are allocated now."""

    decision: Decision
    before: Parcels
    saved_fen: float


def replan(*, now: datetime) -> dict[str, int]:
    """Plan anew what is not picked yet; returns how many orders were looked at, moved, and allocated of those that
    waited."""
    held = _movable(now)
    if not held:
        return {"tried": 0, "moved": 0, "allocated": 0}
    inputs = _inputs(held, now)
    outcome = decide(inputs)
    waited = [each for each in outcome.decisions if each.parcels and each.request_id not in held]
    priority = {each.request_id: each.priority for each in inputs.wanted}
    gained = sum(
        len(items) * inputs.terms.waiting_fen(priority[each.request_id])
        for each in waited
        for items in each.parcels.values()
    )
    least = REPLAN_SAVES_YUAN.value() * 100
    changes = worth_it(_changes(inputs, outcome.decisions, held), least_fen=least, gained_fen=gained)
    moved: set[int] = set()
    for start in range(0, len(changes), MICRO_BATCH):
        moved |= move(changes=changes[start : start + MICRO_BATCH], now=now)
    allocated: set[int] = set()
    for start in range(0, len(waited), MICRO_BATCH):
        allocated |= commit_decisions(decisions=waited[start : start + MICRO_BATCH], now=now)
    if moved or allocated:
        PlanningRound.objects.create(
            planned_at=now,
            orders=len(inputs.wanted),
            allocated=len(moved | allocated),
            cost_fen=outcome.cost_fen,
            nearest_fen=outcome.nearest_fen,
            inputs_digest=inputs.digest(),
            fingerprint=outcome.fingerprint(),
            inputs=inputs.kept(),
        )
    return {"tried": len(inputs.wanted), "moved": len(moved), "allocated": len(allocated)}


def worth_it(changes: Sequence[Change], *, least_fen: float, gained_fen: float = 0) -> list[Change]:
    """All of them where they save so much for each order, as some make room for others, or for orders that wait no
    longer, which is worth `gained_fen`; else those that do alone."""
    if sum(each.saved_fen for each in changes) + gained_fen >= least_fen * len(changes):
        return list(changes)
    return [each for each in changes if each.saved_fen >= least_fen]


@use_case
def move(*, changes: Sequence[Change], now: datetime) -> set[int]:
    """Move these orders to where they are planned now; returns the ids of those that moved. One that has been picked,
    shipped, changed or locked meanwhile, and one whose units are gone, stays."""
    requests = _lock([each.decision.request_id for each in changes])
    opened = _lock_opened(list(requests))
    steady = [
        each for each in changes if _parcels_of(opened.get(each.decision.request_id, [])) == each.before and each.before
    ]
    free = lock_cells(cells={cell for each in steady for cell in _shift(each)})
    winners = _fitting(steady, free)
    if not winners:
        return set()
    ids = [each.decision.request_id for each in winners]
    shifted: Counter[Cell] = Counter()
    for each in winners:
        shifted.update(_shift(each))
    shift_cells(units=shifted)
    Allocation.objects.filter(request__in=ids, status=Allocation.Status.OPEN).update(status=Allocation.Status.RELEASED)
    chosen = {request_id: requests[request_id] for request_id in ids}
    lines: dict[int, list[FulfilmentLine]] = {request_id: [] for request_id in ids}
    for line in FulfilmentLine.objects.filter(request__in=ids, quantity__gt=0).order_by("pk"):
        lines[line.request_id].append(line)
    order_numbers = {request_id: each.order_number for request_id, each in chosen.items()}
    write_decisions([each.decision for each in winners], order_numbers, lines, now)
    publish(*(FulfilmentRepacked(order_number=each.order_number, at=now) for each in chosen.values()))
    return set(ids)


def _movable(now: datetime) -> dict[int, list[Allocation]]:
    """Open allocations by request, of requests of which nothing is picked, settled by hand or past its cut-off."""
    since = Q(pk=None)
    for warehouse_id, cut_off in Warehouse.objects.values_list("pk", "pick_cut_off"):
        if cut_off is not None:
            since |= Q(warehouse=warehouse_id, created_at__gte=last_cut_off(cut_off, now))
    young = Allocation.objects.filter(since, status=Allocation.Status.OPEN, picked_at=None)
    young = young.filter(request__status=Status.ALLOCATED).exclude(decision__rule__in=BY_HAND)
    ids = list(young.order_by("request_id").values_list("request_id", flat=True).distinct()[:AT_ONCE])
    movable = set(young.filter(request__in=ids).values_list("pk", flat=True))
    everything = Allocation.objects.filter(request__in=ids).exclude(status=Allocation.Status.RELEASED)
    found: dict[int, list[Allocation]] = {}
    for each in everything.select_related("request").prefetch_related("lines").order_by("pk"):
        found.setdefault(each.request_id, []).append(each)
    return {request: each for request, each in found.items() if {a.pk for a in each} <= movable and _is_whole(each)}


def _is_whole(allocations: Sequence[Allocation]) -> bool:
    """Whether each line comes whole from one warehouse, in one parcel of that warehouse."""
    skus = [line.sku_id for allocation in allocations for line in allocation.lines.all()]
    places = {allocation.warehouse_id for allocation in allocations}
    return len(skus) == len(set(skus)) <= MOST_LINES and len(places) == len(allocations)


def _inputs(held: Mapping[int, Sequence[Allocation]], now: datetime) -> Inputs:
    """As if what is held were free, and with those that wait because nobody could send them."""
    waiting = FulfilmentRequest.objects.filter(status=Status.WAITING, unheld__isnull=True).exclude(obstacle={})
    waiting_lines = lines_of(waiting.order_by("pk")[: AT_ONCE - len(held)])
    lines = {request_id: each for request_id, each in waiting_lines.items() if 0 < len(each) <= MOST_LINES}
    for line in FulfilmentLine.objects.filter(request__in=list(held), quantity__gt=0).order_by("pk"):
        lines.setdefault(line.request_id, []).append(line)
    requests = FulfilmentRequest.objects.in_bulk(list(lines))
    inputs = read_inputs(asked=[(requests[pk], each) for pk, each in lines.items()], terms=live_terms(), now=now)
    units: Counter[Cell] = Counter()
    parcels: Counter[int] = Counter()
    for allocation in (each for allocations in held.values() for each in allocations):
        parcels[allocation.warehouse_id] += 1
        for packed in allocation.lines.all():
            units[allocation.warehouse_id, packed.sku_id] += packed.quantity
    sites = []
    for site in inputs.sites:
        own = {sku_id: n for (place, sku_id), n in units.items() if place == site.warehouse_id}
        free = {sku_id: site.free.get(sku_id, 0) + own.get(sku_id, 0) for sku_id in sorted({*site.free, *own})}
        room = None if site.room is None else site.room + parcels[site.warehouse_id]
        sites.append(replace(site, free=free, room=room))
    return replace(inputs, sites=tuple(sites))


def _changes(inputs: Inputs, decisions: Sequence[Decision], held: Mapping[int, Sequence[Allocation]]) -> list[Change]:
    known = Lookup.of(inputs)
    wanted = {each.request_id: each for each in inputs.wanted}
    found = []
    for decision in decisions:
        before = _parcels_of(held.get(decision.request_id, []))
        if not before or not decision.parcels or decision.parcels == before:
            continue
        order = wanted[decision.request_id]
        saved = _fen(parcels_cost(known, order, before)) - _fen(parcels_cost(known, order, decision.parcels))
        found.append(Change(decision, before, saved))
    return found


def _fen(parcels: Sequence[Mapping[str, Any]]) -> float:
    return sum(each["fen"] for each in parcels)


def _lock(request_ids: Sequence[int]) -> dict[int, FulfilmentRequest]:
    requests = FulfilmentRequest.objects.filter(pk__in=request_ids, status=Status.ALLOCATED).order_by("pk")
    return {each.pk: each for each in requests.select_for_update(no_key=True, skip_locked=True, of=("self",))}


def _lock_opened(request_ids: Sequence[int]) -> dict[int, list[Allocation]]:
    """What these requests have, when all of it may still move."""
    rows = Allocation.objects.filter(request__in=request_ids).exclude(status=Allocation.Status.RELEASED).order_by("pk")
    found: dict[int, list[Allocation]] = {}
    for each in rows.select_for_update(no_key=True, of=("self",)).prefetch_related("lines"):
        found.setdefault(each.request_id, []).append(each)
    return {
        request_id: allocations
        for request_id, allocations in found.items()
        if all(each.status == Allocation.Status.OPEN and each.picked_at is None for each in allocations)
    }


def _parcels_of(allocations: Sequence[Allocation]) -> dict[int, dict[int, int]]:
    parcels: dict[int, dict[int, int]] = {}
    for allocation in allocations:
        lines: list[AllocationLine] = list(allocation.lines.all())
        parcels.setdefault(allocation.warehouse_id, {}).update({line.sku_id: line.quantity for line in lines})
    return parcels


def _shift(change: Change) -> dict[Cell, int]:
    """What it takes of each cell, negative for what it gives back."""
    shift = Counter(cells_of(change.decision))
    shift.subtract({(place, sku): units for place, items in change.before.items() for sku, units in items.items()})
    return dict(shift)


def _fitting(changes: Sequence[Change], free: Mapping[Cell, int]) -> list[Change]:
    """All of them where that is possible, as they take each other's places; otherwise as many as fit one by one."""
    together: Counter[Cell] = Counter()
    for each in changes:
        together.update(_shift(each))
    if all(free.get(cell, 0) >= units for cell, units in together.items()):
        return list(changes)
    taken: Counter[Cell] = Counter()
    winners = []
    for each in sorted(changes, key=lambda change: -change.saved_fen):
        shift = _shift(each)
        if all(free.get(cell, 0) - taken[cell] >= units for cell, units in shift.items()):
            taken.update(shift)
            winners.append(each)
    return winners
