"""Units that were not shipped go back: all of an order's, or some of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from logistics.allocation.engine import reduced_record, take_out
from logistics.allocation.errors import AllocationNotOpen, AlreadyShipped
from logistics.allocation.facts import FulfilmentReduced
from logistics.allocation.models import Allocation, FulfilmentLine, FulfilmentRequest
from logistics.allocation.services.reading import lines_of
from logistics.allocation.services.rows import (
    Held,
    Status,
    lock_open,
    lock_request,
    mark_cancelled,
    save_lines,
    write_allocations,
)
from logistics.network.services import release_allocation
from shop.catalog.errors import ReservationNotHeld
from shop.catalog.services.stock import change_available, release_reservation
from shop.core.outbox import publish
from shop.core.transactions import use_case


@use_case
def cancel_fulfilment(*, order_number: str, now: datetime) -> FulfilmentRequest:
    """Give everything of an order back to the catalog. An order that was never requested is marked, so that a request
    that comes late does nothing. Raises AlreadyShipped when a parcel has left."""
    request = lock_request(order_number, now)
    if request.status == Status.CANCELLED:
        return request
    _release_allocations(request)
    release_reservation(reference=order_number)
    mark_cancelled(request, now)
    return request


def reduce_fulfilment(*, order_number: str, items: Mapping[int, int], now: datetime) -> None:
    """Take units (SKU id → units) that were not shipped out of what the order wants sent; inside the caller's
    transaction, which does it once.

    They can be sold again. Parcels that held them are planned anew without them, or cancelled; a request of which
    nothing is left is cancelled. It may come before the request itself, which then asks for the rest.
    Raises AlreadyShipped when fewer units are unshipped, AllocationNotOpen when the request is cancelled.
    """
    if not items or any(units <= 0 for units in items.values()):
        raise ValueError("every quantity is a positive number of units")
    request = lock_request(order_number, now)
    if request.status == Status.CANCELLED:
        raise AllocationNotOpen
    waiting = _waiting(request, items)
    if waiting:
        _take_from_waiting(request, waiting)
    allocated = {sku_id: units - waiting.get(sku_id, 0) for sku_id, units in items.items()}
    if any(allocated.values()):
        _take_from_allocations(request, {sku_id: units for sku_id, units in allocated.items() if units}, now)
    _withdraw(request, items)
    if request.status != Status.EXPECTED and not request.lines.filter(quantity__gt=0).exists():
        mark_cancelled(request, now)
    else:
        _settle(request)
        publish(FulfilmentReduced(order_number=order_number, at=now))


def _release_allocations(request: FulfilmentRequest) -> None:
    held = lock_open(request)
    if request.allocations.filter(status=Allocation.Status.SHIPPED).exists():
        raise AlreadyShipped
    if held:
        _give_back(held, {allocation.pk: items for allocation, items in held})


def _waiting(request: FulfilmentRequest, items: Mapping[int, int]) -> dict[int, int]:
    """Of these units those that have no warehouse; all of them before the request itself has come."""
    if request.status == Status.EXPECTED:
        return dict(items)
    if request.status == Status.ALLOCATED:
        return {}
    wanted = {line.sku_id: line.quantity for line in lines_of([request])[request.pk]}
    without = {sku_id: min(units, wanted.get(sku_id, 0)) for sku_id, units in items.items()}
    return {sku_id: units for sku_id, units in without.items() if units}


def _take_from_waiting(request: FulfilmentRequest, items: Mapping[int, int]) -> None:
    """What is owed first: nothing is held of it."""
    owed = {int(sku_id): units for sku_id, units in (request.unheld or {}).items()}
    forgiven = {sku_id: min(units, owed.get(sku_id, 0)) for sku_id, units in items.items()}
    held = {sku_id: units - forgiven[sku_id] for sku_id, units in items.items() if units > forgiven[sku_id]}
    try:
        if held:
            release_reservation(reference=request.order_number, items=held)
    except ReservationNotHeld as error:
        raise AlreadyShipped from error
    if any(forgiven.values()):
        left = {str(sku_id): units - forgiven.get(sku_id, 0) for sku_id, units in owed.items()}
        request.unheld = {sku_id: units for sku_id, units in left.items() if units} or None
        request.save(update_fields=["unheld"])


def _settle(request: FulfilmentRequest) -> None:
    """A request that waited only for what was taken out has all of its warehouses."""
    if request.status == Status.WAITING and not lines_of([request])[request.pk]:
        request.status, request.retry_at, request.obstacle = Status.ALLOCATED, None, {}
        request.save(update_fields=["status", "retry_at", "obstacle"])


def _take_from_allocations(request: FulfilmentRequest, items: Mapping[int, int], now: datetime) -> None:
    held = lock_open(request)
    taken = take_out({allocation.pk: units for allocation, units in held}, items)
    if taken is None:
        raise AlreadyShipped
    touched = [(allocation, units) for allocation, units in held if allocation.pk in taken]
    _give_back(touched, taken)
    # What stays is an allocation of its own, so that the old parcel can be shipped by nobody who packed it whole.
    parcels: dict[int, dict[int, int]] = {}
    decisions: dict[int, dict[str, Any]] = {}
    for allocation, units in touched:
        gone = taken[allocation.pk]
        left = {sku_id: count - gone.get(sku_id, 0) for sku_id, count in units.items() if count > gone.get(sku_id, 0)}
        if left:
            parcels[allocation.warehouse_id] = left
            decisions[allocation.warehouse_id] = reduced_record(
                allocation.decision, warehouse=allocation.warehouse.code, items=left
            )
    if parcels:
        write_allocations(request, list(request.lines.all()), parcels, decisions, now)


def _give_back(held: Sequence[Held], taken: Mapping[int, Mapping[int, int]]) -> None:
    """Release locked allocations; of their units those in `taken`, by allocation id, can be sold again."""
    Allocation.objects.filter(pk__in=taken).update(status=Allocation.Status.RELEASED)
    returned: dict[int, int] = {}
    for items in taken.values():
        for sku_id, units in items.items():
            returned[sku_id] = returned.get(sku_id, 0) + units
    change_available(deltas=returned)
    for allocation, _items in sorted(held, key=lambda each: each[0].warehouse_id):
        release_allocation(warehouse_id=allocation.warehouse_id, items=taken[allocation.pk])


def _withdraw(request: FulfilmentRequest, items: Mapping[int, int]) -> None:
    """Write down that units were taken out of the locked request."""
    lines = {line.sku_id: line for line in request.lines.all()}
    changed = [lines.get(sku_id) or FulfilmentLine(request=request, sku_id=sku_id, quantity=0) for sku_id in items]
    for line in changed:
        line.withdrawn += items[line.sku_id]
        if request.status != Status.EXPECTED:
            line.quantity -= items[line.sku_id]
    save_lines(changed)
