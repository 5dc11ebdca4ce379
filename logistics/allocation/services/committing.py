"""Decisions become allocations, many in one transaction: what stands in the way of one order sends only it back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from logistics.allocation.deciding import Decision
from logistics.allocation.facts import OrderAllocated
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.allocation.services.reading import lines_of
from logistics.allocation.services.rows import Status
from logistics.network.cells import Cell, allocate_cells, lock_cells
from shop.catalog.services.holds import consume_reservations, lock_sellable
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import use_case

Items = Mapping[int, int]


@use_case
def commit_decisions(*, decisions: Sequence[Decision], now: datetime) -> set[int]:
    """Allocate what these decisions say; returns the ids of the requests that are allocated now.

    A request that another worker holds, that does not wait any more or wants other units than it did, and one whose
    units are gone, stays as it is. Locks requests, then the catalog's stock, then cells, each in key order.
    """
    requests = _lock_waiting([decision.request_id for decision in decisions])
    lines = lines_of(requests.values())
    steady = [each for each in decisions if each.request_id in requests and _unchanged(each, lines[each.request_id])]
    if not steady:
        return set()
    lock_sellable(sku_ids=[sku_id for each in steady for items in each.parcels.values() for sku_id in items])
    winners, taken = _fitting(steady, lock_cells(cells={cell for each in steady for cell in cells_of(each)}))
    if not winners:
        return set()
    consume_reservations(
        holds={
            requests[each.request_id].order_number: {line.sku_id: line.quantity for line in lines[each.request_id]}
            for each in winners
        }
    )
    allocate_cells(units=taken)
    write_decisions(winners, requests, lines, now)
    return {each.request_id for each in winners}


def _lock_waiting(request_ids: Sequence[int]) -> dict[int, FulfilmentRequest]:
    waiting = FulfilmentRequest.objects.filter(pk__in=request_ids, status=Status.WAITING).order_by("pk")
    return {each.pk: each for each in waiting.select_for_update(no_key=True, skip_locked=True, of=("self",))}


def _unchanged(decision: Decision, lines: Sequence[FulfilmentLine]) -> bool:
    planned: Counter[int] = Counter()
    for items in decision.parcels.values():
        planned.update(items)
    return bool(planned) and planned == Counter({line.sku_id: line.quantity for line in lines})


def cells_of(decision: Decision) -> dict[Cell, int]:
    """What it takes, by warehouse and SKU."""
    return {
        (warehouse_id, sku_id): units
        for warehouse_id, items in decision.parcels.items()
        for sku_id, units in items.items()
    }


def _fitting(decisions: Sequence[Decision], free: Mapping[Cell, int]) -> tuple[list[Decision], dict[Cell, int]]:
    """Those whose units are all still free, in the order of the plan, and what they take together."""
    taken: Counter[Cell] = Counter()
    winners = []
    for decision in decisions:
        cells = cells_of(decision)
        if all(free.get(cell, 0) - taken[cell] >= units for cell, units in cells.items()):
            taken.update(cells)
            winners.append(decision)
    return winners, dict(taken)


def write_decisions(
    decisions: Sequence[Decision],
    requests: Mapping[int, FulfilmentRequest],
    lines: Mapping[int, Sequence[FulfilmentLine]],
    now: datetime,
) -> None:
    """Allocations of locked requests, of units that are allocated already; inside the caller's transaction."""
    parcels = [
        (decision, warehouse_id, items)
        for decision in decisions
        for warehouse_id, items in sorted(decision.parcels.items())
    ]
    allocations = Allocation.objects.bulk_create(
        Allocation(
            request_id=decision.request_id,
            number=new_number("A", now),
            warehouse_id=warehouse_id,
            decision=decision.record,
            weight_g=sum(ln.weight_g * items.get(ln.sku_id, 0) for ln in lines[decision.request_id]),
            volume_cm3=sum(ln.volume_cm3 * items.get(ln.sku_id, 0) for ln in lines[decision.request_id]),
            created_at=now,
        )
        for decision, warehouse_id, items in parcels
    )
    AllocationLine.objects.bulk_create(
        AllocationLine(allocation=allocation, sku_id=sku_id, quantity=units)
        for allocation, (_decision, _warehouse_id, items) in zip(allocations, parcels, strict=True)
        for sku_id, units in sorted(items.items())
    )
    numbers: dict[int, list[str]] = {}
    for allocation in allocations:
        numbers.setdefault(allocation.request_id, []).append(allocation.number)
    FulfilmentRequest.objects.filter(pk__in=numbers).update(status=Status.ALLOCATED, retry_at=None, obstacle={})
    publish(
        *(
            OrderAllocated(order_number=requests[request_id].order_number, allocation_numbers=each, at=now)
            for request_id, each in numbers.items()
        )
    )
