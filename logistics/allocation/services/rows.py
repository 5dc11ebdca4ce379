"""Requests, lines and allocations as they are written; inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from logistics.allocation.facts import FulfilmentCancelled, OrderAllocated
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from shop.core.numbers import new_number
from shop.core.outbox import publish

Status = FulfilmentRequest.Status
# An allocation with its units by SKU id.
Held = tuple[Allocation, dict[int, int]]


@dataclass(frozen=True)
class FulfilmentItem:
    """Units of a SKU to be shipped; weight and volume are those of one unit."""

    sku_id: int
    quantity: int
    weight_g: int
    volume_cm3: int


def insert_request(order_number: str, recipient: dict[str, Any], status: str, now: datetime) -> int | None:
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


def lock_request(order_number: str, now: datetime) -> FulfilmentRequest:
    """The order's request, locked; one that is only expected where none was made yet."""
    insert_request(order_number, {}, Status.EXPECTED, now)
    return FulfilmentRequest.objects.select_for_update(no_key=True).get(order_number=order_number)


def line_of(request: FulfilmentRequest, item: FulfilmentItem, *, withdrawn: int = 0) -> FulfilmentLine:
    return FulfilmentLine(
        request=request,
        sku_id=item.sku_id,
        quantity=item.quantity - withdrawn,
        withdrawn=withdrawn,
        weight_g=item.weight_g,
        volume_cm3=item.volume_cm3,
    )


def save_lines(lines: Sequence[FulfilmentLine]) -> None:
    """Insert or replace."""
    FulfilmentLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["request", "sku"],
        update_fields=["quantity", "withdrawn", "weight_g", "volume_cm3"],
    )


def mark_cancelled(request: FulfilmentRequest, now: datetime) -> None:
    request.status, request.retry_at = Status.CANCELLED, None
    request.save(update_fields=["status", "retry_at"])
    publish(FulfilmentCancelled(order_number=request.order_number, at=now))


def write_allocations(
    request: FulfilmentRequest,
    lines: Sequence[FulfilmentLine],
    parcels: Mapping[int, Mapping[int, int]],
    decisions: Mapping[int, dict[str, Any]],
    now: datetime,
) -> None:
    """One allocation per warehouse id, of units that are allocated there already."""
    units = {line.sku_id: line for line in lines}
    allocations = [
        Allocation(
            request=request,
            number=new_number("A", now),
            warehouse_id=warehouse_id,
            decision=decisions[warehouse_id],
            weight_g=sum(units[sku_id].weight_g * quantity for sku_id, quantity in items.items()),
            volume_cm3=sum(units[sku_id].volume_cm3 * quantity for sku_id, quantity in items.items()),
            created_at=now,
        )
        for warehouse_id, items in sorted(parcels.items())
    ]
    Allocation.objects.bulk_create(allocations)
    AllocationLine.objects.bulk_create(
        AllocationLine(allocation=allocation, sku_id=sku_id, quantity=quantity)
        for allocation in allocations
        for sku_id, quantity in sorted(parcels[allocation.warehouse_id].items())
    )
    numbers = [allocation.number for allocation in allocations]
    publish(OrderAllocated(order_number=request.order_number, allocation_numbers=numbers, at=now))


def lock_open(request: FulfilmentRequest) -> list[Held]:
    """The open allocations of a locked request with their units, locked against being shipped."""
    opened = request.allocations.filter(status=Allocation.Status.OPEN).select_related("warehouse")
    allocations = list(opened.order_by("pk").select_for_update(no_key=True, of=("self",)))
    items: dict[int, dict[int, int]] = {allocation.pk: {} for allocation in allocations}
    for line in AllocationLine.objects.filter(allocation__in=allocations):
        items[line.allocation_id][line.sku_id] = line.quantity
    return [(allocation, items[allocation.pk]) for allocation in allocations]
