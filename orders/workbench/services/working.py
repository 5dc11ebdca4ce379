"""Doing a bulk work: parcel by parcel, each in a transaction of its own together with what became of it.

A worker that is killed has shipped whole parcels only, and whoever goes on finds the others. Orders are cancelled
before that is written down, because their gateway is asked first; cancelled twice they stay so. Slices keep a long work
from holding a worker: each ends by asking the outbox for the next.
"""

import time
from datetime import datetime

from django.db.models import F, QuerySet

from logistics.shipments.models import Shipment
from logistics.shipments.services import correct_tracking, ship
from orders.payments.services.closing import close_unpaid_order
from orders.workbench.errors import RefundAskedFor
from orders.workbench.facts import WorkGoesOn
from orders.workbench.models import WORK_TRANSITIONS, BulkWork, WorkItem, WorkStatus
from orders.workbench.services.shipping import refund_is_asked
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import unit_of_work, use_case

SLICE_SECONDS = 10.0
BATCH = 50


@use_case
def start_work(*, work_id: int, actor: Actor, now: datetime) -> BulkWork:
    """Begin a checked work, or go on with one that was stopped. Raises IllegalTransition."""
    work = _lock(work_id)
    check_transition(WORK_TRANSITIONS, current=work.status, target=WorkStatus.RUNNING)
    if work.status == WorkStatus.CHECKED:
        work.asked_by = str(actor)[:80]
    work.status, work.stopped_by = WorkStatus.RUNNING, ""
    work.save(update_fields=["status", "asked_by", "stopped_by"])
    publish(WorkGoesOn(work_id=work.pk, at=now))
    return work


@use_case
def stop_work(*, work_id: int, actor: Actor) -> BulkWork:
    """Nothing is begun any more; what was done stays so. Raises IllegalTransition."""
    work = _lock(work_id)
    check_transition(WORK_TRANSITIONS, current=work.status, target=WorkStatus.STOPPED)
    work.status, work.stopped_by = WorkStatus.STOPPED, str(actor)[:80]
    work.save(update_fields=["status", "stopped_by"])
    return work


def carry_on(*, work_id: int, seconds: float = SLICE_SECONDS) -> None:
    """Work for a while, then leave the rest to the next slice; never called inside a transaction."""
    ends = time.monotonic() + seconds
    waiting = WorkItem.objects.filter(
        work=work_id, work__status=WorkStatus.RUNNING, status=WorkItem.Status.WAITING
    ).order_by("pk")
    while batch := list(waiting.values_list("pk", flat=True)[:BATCH]):
        for item_id in batch:
            if time.monotonic() > ends:
                _leave(work_id=work_id, now=clock.now())
                return
            work_on(item_id=item_id, now=clock.now())
    _finish(work_id=work_id, now=clock.now())


def work_on(*, item_id: int, now: datetime) -> None:
    """Ship one parcel, correct its number or cancel one order, unless somebody else is at it or the work was
    stopped.
    """
    try:
        _cancel(item_id, now)
        with unit_of_work():
            item = _take(item_id)
            if item is not None:
                if item.work.kind != BulkWork.Kind.CANCEL:
                    _ship(item, now)
                _record(item, WorkItem.Status.DONE)
    except DomainError as refusal:
        _refuse(item_id=item_id, reason=str(refusal))


def _cancel(item_id: int, now: datetime) -> None:
    """Of an order: close it, outside any transaction."""
    waiting = _waiting(item_id).filter(work__kind=BulkWork.Kind.CANCEL).select_related("work").first()
    if waiting is not None:
        close_unpaid_order(number=waiting.order_number, actor=_actor(waiting.work), now=now)


def _ship(item: WorkItem, now: datetime) -> None:
    wary = item.work.kind == BulkWork.Kind.SHIP and not item.work.despite_refunds
    if wary and Shipment.objects.filter(refund_is_asked(), number=item.shipment_number).exists():
        # Asked for since the parcels were written down.
        raise RefundAskedFor
    if item.replaces:
        assert item.carrier_id is not None
        correct_tracking(
            shipment_number=item.shipment_number,
            carrier_id=item.carrier_id,
            tracking_number=item.tracking_number,
            actor=_actor(item.work),
            now=now,
        )
        return
    ship(
        shipment_number=item.shipment_number,
        carrier_id=item.carrier_id,
        tracking_number=item.tracking_number or None,
        actor=_actor(item.work),
        now=now,
    )


@use_case
def _refuse(*, item_id: int, reason: str) -> None:
    item = _take(item_id)
    if item is not None:
        item.reason = reason[:200]
        _record(item, WorkItem.Status.FAILED)


def _record(item: WorkItem, status: WorkItem.Status) -> None:
    item.status = status
    item.save(update_fields=["status", "reason"])
    counted = "done" if status == WorkItem.Status.DONE else "failed"
    BulkWork.objects.filter(pk=item.work_id).update(**{counted: F(counted) + 1})


def _take(item_id: int) -> WorkItem | None:
    items = _waiting(item_id).select_related("work")
    return items.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()


def _waiting(item_id: int) -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(pk=item_id, status=WorkItem.Status.WAITING, work__status=WorkStatus.RUNNING)


@use_case
def _leave(*, work_id: int, now: datetime) -> None:
    publish(WorkGoesOn(work_id=work_id, at=now))


@use_case
def _finish(*, work_id: int, now: datetime) -> None:
    """Done, once nothing waits and nobody is at a parcel any more."""
    work = _lock(work_id)
    if work.status == WorkStatus.RUNNING and work.done + work.failed == work.total:
        work.status, work.finished_at = WorkStatus.DONE, now
        work.save(update_fields=["status", "finished_at"])


def _actor(work: BulkWork) -> Actor:
    return Actor.staff(work.asked_by.removeprefix("staff:"))


def _lock(work_id: int) -> BulkWork:
    return BulkWork.objects.select_for_update(no_key=True).get(pk=work_id)
