"""The same units in other parcels, or to another address, before they leave.

What is to be sent and from where stays as it was decided. Allocations that are packed anew are released and others
stand in their place, so that nobody ships an old parcel; its waybill is voided.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from logistics.allocation.errors import AllocationNotOpen, PackedElsewhere, UnitsDiffer
from logistics.allocation.facts import FulfilmentRepacked
from logistics.allocation.models import Allocation, FulfilmentRequest
from logistics.allocation.services.rows import Held, Status, lock_open, write_allocations
from shop.core.outbox import publish


def repack(
    *, order_number: str, allocation_ids: Collection[int], parcels: Sequence[Mapping[int, int]], now: datetime
) -> None:
    """Pack the units of these open allocations in these parcels (SKU id → units) instead; inside the caller's
    transaction: one becomes several, or several one.

    Raises AllocationNotOpen when one of them has left or was released, PackedElsewhere when they are not of one
    warehouse, UnitsDiffer when the parcels hold other units.
    """
    request = _lock(order_number)
    held = [each for each in lock_open(request) if each[0].pk in allocation_ids] if request else []
    if request is None or not held or len(held) != len(set(allocation_ids)):
        raise AllocationNotOpen
    if len({allocation.warehouse_id for allocation, _items in held}) > 1:
        raise PackedElsewhere
    before = sum((Counter(items) for _allocation, items in held), Counter[int]())
    after = sum((Counter(items) for items in parcels), Counter[int]())
    if any(not items or min(items.values()) <= 0 for items in parcels) or before != after:
        raise UnitsDiffer
    _write(request, held, parcels, now)


def readdress(*, order_number: str, recipient: Mapping[str, Any], now: datetime) -> None:
    """What has not left goes to another address; inside the caller's transaction. An order that was never requested
    is not there yet: it will be asked for with its own address."""
    request = _lock(order_number)
    if request is None:
        return
    request.recipient = dict(recipient)
    request.save(update_fields=["recipient"])
    for allocation, items in lock_open(request):
        _write(request, [(allocation, items)], [items], now)


def _write(
    request: FulfilmentRequest, held: Sequence[Held], parcels: Sequence[Mapping[int, int]], now: datetime
) -> None:
    """The units stay allocated to the order in their warehouse, so no stock changes."""
    allocations = [allocation for allocation, _items in held]
    Allocation.objects.filter(pk__in=[each.pk for each in allocations]).update(status=Allocation.Status.RELEASED)
    warehouse_id, decision = allocations[0].warehouse_id, {**allocations[0].decision, "rule": "repacked"}
    lines = list(request.lines.all())
    for items in parcels:
        write_allocations(request, lines, {warehouse_id: items}, {warehouse_id: decision}, now)
    publish(FulfilmentRepacked(order_number=request.order_number, at=now))


def _lock(order_number: str) -> FulfilmentRequest | None:
    requests = FulfilmentRequest.objects.select_for_update(no_key=True).filter(order_number=order_number)
    return requests.exclude(status=Status.CANCELLED).first()
