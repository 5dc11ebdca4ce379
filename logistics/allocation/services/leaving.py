"""What happens to an allocation when its units leave, and to a request when its recipient does."""

from collections.abc import Collection
from datetime import datetime

from logistics.allocation.errors import AllocationNotOpen
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentRequest
from logistics.network.services import ship_stock
from members.identity.recipients import WithoutPerson
from shop.core.actors import Actor
from shop.core.transactions import use_case


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


@use_case
def begin_picking(*, allocation_ids: Collection[int], now: datetime) -> int:
    """The warehouse has been told to pick these: only a rejection changes them now. Returns how many are new."""
    opened = Allocation.objects.filter(pk__in=allocation_ids, status=Allocation.Status.OPEN, picked_at=None)
    locked = list(opened.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return Allocation.objects.filter(pk__in=locked).update(picked_at=now)


def erase_recipients(*, order_numbers: Collection[str]) -> int:
    """Forget to whom these orders went, inside the caller's transaction; returns how many requests."""
    requests = FulfilmentRequest.objects.filter(order_number__in=order_numbers)
    return requests.update(recipient=WithoutPerson("recipient"))
