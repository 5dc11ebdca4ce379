"""What people change about an allocation: a warehouse turns it down, or it is sent from elsewhere.

Always: nothing changes for what has left; each change is written down with who made it and why; stock that is not
where it should be is corrected in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from logistics.allocation.errors import (
    AllocationNotOpen,
    BeingPicked,
    NothingToUndo,
    RejectedUnits,
    SameWarehouse,
)
from logistics.allocation.facts import AllocationRejected, FulfilmentRepacked
from logistics.allocation.models import CORRECTING, Allocation, FulfilmentRequest, Intervention, Reason
from logistics.allocation.services.allocating import try_again
from logistics.allocation.services.rows import Held, Status, lock_open, write_allocations
from logistics.network.cells import lock_cells
from logistics.network.models import Warehouse
from logistics.network.putting_aside import set_aside, write_off
from logistics.network.services import allocate_stock, release_allocation
from shop.catalog.models import SkuStock
from shop.catalog.services.holds import take_back
from shop.catalog.services.stock import release_reservation
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

Kind = Intervention.Kind


@use_case
def reject_allocation(
    *, number: str, reason: Reason, units: Mapping[int, int], note: str = "", actor: Actor, now: datetime
) -> FulfilmentRequest:
    """The warehouse does not send this allocation: its units are planned anew at once, or wait.

    Units (by SKU id) that are missing or damaged are taken out of its stock; where no other unit can be sold instead,
    the order is owed them until goods arrive. After other reasons the warehouse is not asked for this order again.
    Raises AllocationNotOpen, RejectedUnits.
    """
    request, allocation, items = _lock(number)
    if bool(units) != (reason in CORRECTING) or any(not 0 < n <= items.get(sku, 0) for sku, n in units.items()):
        raise RejectedUnits
    Allocation.objects.filter(pk=allocation.pk).update(status=Allocation.Status.RELEASED)
    take_back(reference=request.order_number, items=items)
    owed = _owe(request, units)
    release_allocation(warehouse_id=allocation.warehouse_id, items=items)
    if units:
        correct = write_off if reason == Reason.MISSING else set_aside
        words = f"{Reason(reason).label} {note}".strip()
        correct(warehouse_id=allocation.warehouse_id, items=units, reference=number, reason=words, actor=actor, now=now)
    else:
        request.avoid = sorted({*(request.avoid or []), allocation.warehouse_id})
    request.status, request.retry_at, request.obstacle, request.unheld = Status.WAITING, now, {}, owed
    request.save(update_fields=["status", "retry_at", "obstacle", "unheld", "avoid"])
    Intervention.objects.create(
        request=request,
        kind=Kind.REJECT,
        reason=reason,
        note=note,
        allocation=allocation,
        corrected={str(sku_id): n for sku_id, n in units.items()},
        actor=str(actor)[:80],
        made_at=now,
    )
    publish(AllocationRejected(order_number=request.order_number, allocation_number=number, at=now))
    try_again(request, now)
    return request


@use_case
def send_from_elsewhere(*, number: str, warehouse_id: int, note: str, actor: Actor, now: datetime) -> Allocation:
    """A person knows better: this allocation's units come from that warehouse, whatever the policy says.

    Raises AllocationNotOpen, BeingPicked, SameWarehouse, StockTaken when it has fewer free.
    """
    request, allocation, items = _lock(number)
    moved = _move(request, (allocation, items), warehouse_id, note, actor, now)
    _write(Kind.OVERRIDE, request, allocation, moved, note, actor, now)
    return moved


@use_case
def take_override_back(*, number: str, note: str = "", actor: Actor, now: datetime) -> Allocation:
    """The allocation goes back to where it was decided to come from, while nobody has picked it.

    Raises NothingToUndo when it is not there by an override, and what `send_from_elsewhere` raises.
    """
    request, allocation, items = _lock(number)
    made = Intervention.objects.filter(replacement=allocation, kind=Kind.OVERRIDE).select_related("allocation").first()
    if made is None:
        raise NothingToUndo
    moved = _move(request, (allocation, items), made.allocation.warehouse_id, note, actor, now)
    _write(Kind.UNDO, request, allocation, moved, note, actor, now)
    return moved


def _lock(number: str) -> tuple[FulfilmentRequest, Allocation, dict[int, int]]:
    request = FulfilmentRequest.objects.select_for_update(no_key=True, of=("self",)).filter(allocations__number=number)
    locked = request.exclude(status=Status.CANCELLED).first()
    held = {allocation.number: (allocation, items) for allocation, items in lock_open(locked)} if locked else {}
    if locked is None or number not in held:
        raise AllocationNotOpen
    return locked, *held[number]


def _owe(request: FulfilmentRequest, lost: Mapping[int, int]) -> dict[str, int] | None:
    """Lost units are such as nobody was promised, as far as there are any; the order gives up its own hold on the
    others, and is owed them."""
    owed = dict(request.unheld or {})
    stocks = SkuStock.objects.filter(sku_id__in=lost).order_by("sku_id").select_for_update(no_key=True)
    short = {row.sku_id: lost[row.sku_id] - row.available for row in stocks if row.available < lost[row.sku_id]}
    if short:
        release_reservation(reference=request.order_number, items=short)
    for sku_id, units in short.items():
        owed[str(sku_id)] = owed.get(str(sku_id), 0) + units
    return owed or None


def _move(
    request: FulfilmentRequest, held: Held, warehouse_id: int, note: str, actor: Actor, now: datetime
) -> Allocation:
    allocation, items = held
    if allocation.picked_at is not None:
        raise BeingPicked
    if warehouse_id == allocation.warehouse_id:
        raise SameWarehouse
    lock_cells(cells={(place, sku_id) for place in (warehouse_id, allocation.warehouse_id) for sku_id in items})
    release_allocation(warehouse_id=allocation.warehouse_id, items=items)
    allocate_stock(warehouse_id=warehouse_id, items=items)
    Allocation.objects.filter(pk=allocation.pk).update(status=Allocation.Status.RELEASED)
    target = Warehouse.objects.get(pk=warehouse_id)
    sends = {str(sku_id): units for sku_id, units in items.items()}
    decision = {
        **allocation.decision,
        "rule": "by_hand",
        "by_hand": {"by": str(actor), "note": note, "from": allocation.warehouse.code, "to": target.code},
        "candidates": [
            {**each, "verdict": "by_hand" if each["warehouse"] == target.code else each["verdict"]}
            | {"items": sends if each["warehouse"] == target.code else {}}
            for each in allocation.decision.get("candidates", [])
        ],
    }
    (number,) = write_allocations(
        request, list(request.lines.all()), {warehouse_id: items}, {warehouse_id: decision}, now
    )
    publish(FulfilmentRepacked(order_number=request.order_number, at=now))
    return Allocation.objects.select_related("warehouse").get(number=number)


def _write(
    kind: str,
    request: FulfilmentRequest,
    allocation: Allocation,
    moved: Allocation,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    Intervention.objects.create(
        request=request,
        kind=kind,
        note=note,
        allocation=allocation,
        replacement=moved,
        actor=str(actor)[:80],
        made_at=now,
    )
