"""Allocating paid orders to warehouses.

Owns fulfilment requests and allocations. Always: a request is allocated whole or waits whole; the units of open
allocations are exactly what the warehouses have allocated; each decision is kept with its reasons. Lock order: the
request, then the catalog's stock, then the warehouses' stock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from logistics.allocation.engine import AllocationPlan, AllocationRequest, NetworkSnapshot, Site, allocate
from logistics.allocation.errors import AllocationNotOpen, AlreadyShipped
from logistics.allocation.facts import FulfilmentCancelled, OrderAllocated
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.network.errors import StockTaken
from logistics.network.queries import WarehouseState, warehouse_states
from logistics.network.services import allocate_stock, release_allocation, ship_stock
from members.identity.recipients import WithoutPerson
from shop.catalog.services.stock import change_available, consume_reservation, release_reservation
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import use_case
from shop.regions.queries import region

RETRY_EVERY = timedelta(minutes=10)
PLANS_PER_TRY = 4
Status = FulfilmentRequest.Status

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FulfilmentItem:
    """Units of a SKU to be shipped; weight and volume are those of one unit."""

    sku_id: int
    quantity: int
    weight_g: int
    volume_cm3: int


@use_case
def request_fulfilment(
    *, order_number: str, recipient: Mapping[str, Any], lines: Sequence[FulfilmentItem], now: datetime
) -> FulfilmentRequest:
    """Ask for a paid order to be shipped and try to allocate it at once; when stock lacks it waits and is retried.

    Idempotent by order number: a second request, or one for a cancelled order, changes nothing.
    """
    request_id = _insert_request(order_number, dict(recipient), Status.WAITING, now)
    if request_id is None:
        return FulfilmentRequest.objects.get(order_number=order_number)
    request = FulfilmentRequest(
        pk=request_id, order_number=order_number, recipient=dict(recipient), status=Status.WAITING, created_at=now
    )
    rows = [
        FulfilmentLine(
            request=request,
            sku_id=line.sku_id,
            quantity=line.quantity,
            weight_g=line.weight_g,
            volume_cm3=line.volume_cm3,
        )
        for line in lines
    ]
    FulfilmentLine.objects.bulk_create(rows)
    _try_to_allocate(request, rows, now)
    return request


@use_case
def retry_fulfilment(*, request_id: int, now: datetime) -> bool:
    """Try a waiting request again; returns whether it is allocated now. One that another worker holds is left alone."""
    request = (
        FulfilmentRequest.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(pk=request_id, status=Status.WAITING)
        .first()
    )
    return request is not None and _try_to_allocate(request, list(request.lines.all()), now)


@use_case
def cancel_fulfilment(*, order_number: str, now: datetime) -> FulfilmentRequest:
    """Give everything of an order back to the catalog. An order that was never requested is marked, so that a request
    that comes late does nothing. Raises AlreadyShipped when a parcel has left."""
    _insert_request(order_number, {}, Status.WAITING, now)
    request = FulfilmentRequest.objects.select_for_update(no_key=True).get(order_number=order_number)
    if request.status == Status.CANCELLED:
        return request
    if request.status == Status.WAITING:
        release_reservation(reference=order_number)
    else:
        _release_allocations(request)
    request.status, request.retry_at = Status.CANCELLED, None
    request.save(update_fields=["status", "retry_at"])
    publish(FulfilmentCancelled(order_number=order_number, at=now))
    return request


def ship_allocation(*, allocation_id: int, reference: str, actor: Actor, now: datetime) -> None:
    """The units of an open allocation leave; inside the caller's transaction. Raises AllocationNotOpen."""
    opened = Allocation.objects.filter(pk=allocation_id, status=Allocation.Status.OPEN)
    if not opened.update(status=Allocation.Status.SHIPPED):
        raise AllocationNotOpen
    lines = AllocationLine.objects.filter(allocation_id=allocation_id).values_list(
        "allocation__warehouse_id", "sku_id", "quantity"
    )
    rows = list(lines)
    items = {sku_id: quantity for _warehouse, sku_id, quantity in rows}
    ship_stock(warehouse_id=rows[0][0], items=items, reference=reference, actor=actor, now=now)


def _insert_request(order_number: str, recipient: dict[str, Any], status: str, now: datetime) -> int | None:
    """The new row's id; None when the order has one already."""
    row = FulfilmentRequest(order_number=order_number, recipient=recipient, status=status, created_at=now)
    field = FulfilmentRequest._meta.get_field("recipient")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO allocation_fulfilmentrequest (order_number, recipient, status, created_at, obstacle)"
            " VALUES (%s, %s, %s, %s, '{}') ON CONFLICT (order_number) DO NOTHING RETURNING id",
            [order_number, field.get_db_prep_save(row.recipient, connection), status, now],
        )
        inserted = cursor.fetchone()
    return inserted[0] if inserted else None


def _try_to_allocate(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], now: datetime) -> bool:
    items = {line.sku_id: line.quantity for line in lines}
    asked = _asked(request, items)
    for _attempt in range(PLANS_PER_TRY):
        plan = allocate(asked, read_network(sku_ids=items))
        if plan.short:
            break
        try:
            with transaction.atomic():
                _commit(request, lines, plan, now)
        except StockTaken:
            # Another order was faster: the savepoint has given everything back, the next plan sees what is left.
            log.info("allocation_lost_race", order=request.order_number)
            continue
        return True
    request.obstacle, request.retry_at = plan.record(), now + RETRY_EVERY
    request.save(update_fields=["obstacle", "retry_at"])
    return False


def read_network(*, sku_ids: Mapping[int, int]) -> NetworkSnapshot:
    """The warehouses with what they have free of these SKUs now."""
    return network_of(warehouse_states(sku_ids=sku_ids))


def network_of(states: Sequence[WarehouseState]) -> NetworkSnapshot:
    return NetworkSnapshot(
        tuple(
            Site(
                warehouse_id=state.warehouse_id,
                code=state.code,
                name=state.name,
                longitude=state.longitude,
                latitude=state.latitude,
                priority=state.priority,
                is_active=state.is_active,
                free=state.free,
            )
            for state in states
        )
    )


def _asked(request: FulfilmentRequest, items: Mapping[int, int]) -> AllocationRequest:
    longitude, latitude = request.recipient.get("longitude"), request.recipient.get("latitude")
    if longitude is None or latitude is None:
        place = region(request.recipient.get("region_code", ""))
        longitude, latitude = (place.longitude, place.latitude) if place else (None, None)
    return AllocationRequest(request.order_number, items, longitude, latitude)


def _commit(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], plan: AllocationPlan, now: datetime) -> None:
    """Take the planned units, in a savepoint of the caller. Raises StockTaken when one of them is gone."""
    wanted = {line.sku_id: line.quantity for line in lines}
    consume_reservation(reference=request.order_number, items=wanted)
    for warehouse_id in sorted(plan.parcels):
        allocate_stock(warehouse_id=warehouse_id, items=plan.parcels[warehouse_id])
    units = {line.sku_id: line for line in lines}
    allocations = [
        Allocation(
            request=request,
            number=new_number("A", now),
            warehouse_id=warehouse_id,
            decision=plan.record(),
            weight_g=sum(units[sku_id].weight_g * quantity for sku_id, quantity in items.items()),
            volume_cm3=sum(units[sku_id].volume_cm3 * quantity for sku_id, quantity in items.items()),
            created_at=now,
        )
        for warehouse_id, items in sorted(plan.parcels.items())
    ]
    Allocation.objects.bulk_create(allocations)
    AllocationLine.objects.bulk_create(
        AllocationLine(allocation=allocation, sku_id=sku_id, quantity=quantity)
        for allocation in allocations
        for sku_id, quantity in sorted(plan.parcels[allocation.warehouse_id].items())
    )
    FulfilmentRequest.objects.filter(pk=request.pk).update(status=Status.ALLOCATED, retry_at=None, obstacle={})
    request.status, request.retry_at, request.obstacle = Status.ALLOCATED, None, {}
    numbers = [allocation.number for allocation in allocations]
    publish(OrderAllocated(order_number=request.order_number, allocation_numbers=numbers, at=now))


def _release_allocations(request: FulfilmentRequest) -> None:
    allocations = list(request.allocations.order_by("warehouse_id"))
    opened = Allocation.objects.filter(request=request, status=Allocation.Status.OPEN)
    if opened.update(status=Allocation.Status.RELEASED) != len(allocations):
        raise AlreadyShipped
    by_warehouse: dict[int, dict[int, int]] = {}
    returned: dict[int, int] = {}
    for line in AllocationLine.objects.filter(allocation__request=request).select_related("allocation"):
        by_warehouse.setdefault(line.allocation.warehouse_id, {})[line.sku_id] = line.quantity
        returned[line.sku_id] = returned.get(line.sku_id, 0) + line.quantity
    change_available(deltas=returned)
    for warehouse_id in sorted(by_warehouse):
        release_allocation(warehouse_id=warehouse_id, items=by_warehouse[warehouse_id])


def erase_recipients(*, order_numbers: Collection[str]) -> int:
    """Forget to whom these orders went, inside the caller's transaction; returns how many requests."""
    requests = FulfilmentRequest.objects.filter(order_number__in=order_numbers)
    return requests.update(recipient=WithoutPerson("recipient"))
