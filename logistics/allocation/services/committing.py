"""Decisions become allocations, many in one transaction: what stands in the way of one order sends only it back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from logistics.allocation.deciding import Decision
from logistics.allocation.facts import OrderAllocated
from logistics.allocation.services.rows import (
    FulfilmentItem,
    Measured,
    NewAllocation,
    allocation_of,
    as_json,
    insert_allocations,
)
from logistics.network.cells import Cell, allocate_cells, lock_cells
from shop.catalog.services.holds import consume_reservations, lock_sellable
from shop.core.outbox import publish
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

# Written out, because a crowd of orders passes here.
_LOCK = Prepared(
    "lock_waiting_requests",
    """
SELECT id, order_number FROM allocation_fulfilmentrequest WHERE id = ANY(%s::bigint[]) AND status = 'waiting'
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""",
)
_LINES = Prepared(
    "lines_without_warehouse",
    """
SELECT line.request_id, line.sku_id, line.quantity - given.units, line.weight_g, line.volume_cm3
FROM allocation_fulfilmentline line CROSS JOIN LATERAL (
    SELECT coalesce(sum(packed.quantity), 0)::int AS units FROM allocation_allocation allocation
    JOIN allocation_allocationline packed ON packed.allocation_id = allocation.id AND packed.sku_id = line.sku_id
    WHERE allocation.request_id = line.request_id AND allocation.status <> 'released'
) given
WHERE line.request_id = ANY(%s::bigint[]) AND line.quantity > given.units ORDER BY line.id
""",
)
_ALLOCATED = Prepared(
    "requests_allocated",
    """
UPDATE allocation_fulfilmentrequest SET status = 'allocated', retry_at = NULL, obstacle = '{}'
WHERE id = ANY(%s::bigint[])
""",
)


@use_case
def commit_decisions(*, decisions: Sequence[Decision], now: datetime) -> set[int]:
    """Allocate what these decisions say; returns the ids of the requests that are allocated now.

    A request that another worker holds, that does not wait any more or wants other units than it did, and one whose
    units are gone, stays as it is. Locks requests, then the catalog's stock, then cells, each in key order.
    """
    locked: list[Any] = _LOCK.run([[decision.request_id for decision in decisions]])
    order_numbers: dict[int, str] = dict(locked)
    lines = _lines_of(order_numbers)
    steady = [each for each in decisions if each.parcels and _units(each) == _wanted(lines.get(each.request_id, []))]
    if not steady:
        return set()
    lock_sellable(sku_ids=[sku_id for each in steady for items in each.parcels.values() for sku_id in items])
    winners, taken = _fitting(steady, lock_cells(cells={cell for each in steady for cell in cells_of(each)}))
    if not winners:
        return set()
    consume_reservations(holds={order_numbers[each.request_id]: _wanted(lines[each.request_id]) for each in winners})
    allocate_cells(units=taken)
    write_decisions(winners, order_numbers, lines, now)
    return {each.request_id for each in winners}


def _lines_of(request_ids: Mapping[int, str]) -> dict[int, list[FulfilmentItem]]:
    """What these requests still want, by request, as `reading.lines_of` says it."""
    found: dict[int, list[FulfilmentItem]] = {}
    for request_id, *line in _LINES.run([list(request_ids)]):
        found.setdefault(request_id, []).append(FulfilmentItem(*line))
    return found


def _wanted(lines: Sequence[FulfilmentItem]) -> dict[int, int]:
    return {line.sku_id: line.quantity for line in lines}


def _units(decision: Decision) -> dict[int, int]:
    """All that it sends, by SKU."""
    units: dict[int, int] = {}
    for items in decision.parcels.values():
        for sku_id, quantity in items.items():
            units[sku_id] = units.get(sku_id, 0) + quantity
    return units


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
    order_numbers: Mapping[int, str],
    lines: Mapping[int, Sequence[Measured]],
    now: datetime,
) -> None:
    """Allocations of locked requests, of units that are allocated already; inside the caller's transaction."""
    parcels: list[NewAllocation] = []
    told: list[OrderAllocated] = []
    for each in decisions:
        record, order_lines = as_json(each.record), lines[each.request_id]
        own = [
            allocation_of(each.request_id, warehouse_id, items, record, order_lines, now)
            for warehouse_id, items in sorted(each.parcels.items())
        ]
        parcels += own
        numbers = [parcel.number for parcel in own]
        told.append(OrderAllocated(order_number=order_numbers[each.request_id], allocation_numbers=numbers, at=now))
    insert_allocations(parcels, now)
    _ALLOCATED.run([[each.request_id for each in decisions]])
    publish(*told)
