"""Doing a bulk work: parcel by parcel, each in a transaction of its own together with what became of it.

A worker that is killed has shipped whole parcels only, and whoever goes on finds the others. Orders are cancelled
before that is written down, because their gateway is asked first; cancelled twice they stay so. Slices keep a long work
from holding a worker: each ends by asking the outbox for the next.

What passes, such as a gateway out of order, refuses nothing: the item waits, the outbox comes back later and later, and
at last the work is stopped and people are told. What nobody has thought of refuses its own item only.
"""

import time
from datetime import datetime

import structlog
from django.db import OperationalError
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from logistics.shipments.models import Shipment
from logistics.shipments.services import Renumbering, correct_tracking, renumber_together, ship
from orders.payments.errors import PaymentGatewayUnavailable
from orders.payments.services.closing import close_unpaid_order
from orders.workbench.errors import RefundAskedFor
from orders.workbench.facts import WorkGoesOn
from orders.workbench.models import WORK_TRANSITIONS, BulkWork, WorkItem, WorkStatus
from orders.workbench.services.shipping import refund_is_asked
from shop.core import clock
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.errors import Busy, DomainError, InternalError
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import unit_of_work, use_case

SLICE_SECONDS = 10.0
BATCH = 50
# The outbox comes back after 10, 20, 40, 80 and 160 seconds, and gives up long after this.
MOST_TRIES = 6
PASSING = (PaymentGatewayUnavailable, Busy, OperationalError)
ITSELF = Actor.system("workbench.carry_on")
STOPPED_MESSAGE = gettext_noop("Bulk work {number} was stopped, for it got no further: {reason}")

log = structlog.get_logger(__name__)


@use_case
def start_work(*, work_id: int, actor: Actor, now: datetime) -> BulkWork:
    """Begin a checked work, or go on with one that was stopped. Raises IllegalTransition."""
    work = _lock(work_id)
    check_transition(WORK_TRANSITIONS, current=work.status, target=WorkStatus.RUNNING)
    # Whoever lets it go on answers for what is done from here on.
    work.asked_by, work.status, work.stopped_by = str(actor)[:80], WorkStatus.RUNNING, ""
    work.save(update_fields=["status", "asked_by", "stopped_by"])
    work.items.filter(status=WorkItem.Status.WAITING, tries__gt=0).update(tries=0)
    clear_alert(cause=_cause(work))
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
    """Work for a while, then leave the rest to the next slice; never called inside a transaction.

    Raises what keeps its first item waiting, for the outbox to come back later.
    """
    has_begun = False
    ends = time.monotonic() + seconds
    waiting = WorkItem.objects.filter(
        work=work_id, work__status=WorkStatus.RUNNING, status=WorkItem.Status.WAITING
    ).order_by("pk")
    while batch := list(waiting.values_list("pk", flat=True)[:BATCH]):
        for item_id in batch:
            if time.monotonic() > ends:
                _leave(work_id=work_id, now=clock.now())
                return
            try:
                work_on(item_id=item_id, now=clock.now())
            except PASSING as error:
                goes_on = _wait(item_id=item_id, error=error, now=clock.now())
                if goes_on and has_begun:
                    _leave(work_id=work_id, now=clock.now())
                elif goes_on:
                    raise
                return
            has_begun = True
    _finish(work_id=work_id, now=clock.now())


def work_on(*, item_id: int, now: datetime) -> None:
    """Ship one parcel, correct its number or cancel one order, unless somebody else is at it or the work was
    stopped. Raises PASSING, with the item waiting as before.
    """
    try:
        _cancel(item_id, now)
        with unit_of_work():
            item = _take(item_id)
            if item is not None:
                for done in _done_with(item, now):
                    _record(done, WorkItem.Status.DONE)
    except PASSING:
        raise
    except DomainError as refusal:
        _refuse(item_id=item_id, reason=str(refusal))
    except Exception:
        log.exception("bulk_work_item_failed", item=item_id)
        _refuse(item_id=item_id, reason=str(InternalError.message))


def _cancel(item_id: int, now: datetime) -> None:
    """Of an order: close it, outside any transaction."""
    waiting = _waiting(item_id).filter(work__kind=BulkWork.Kind.CANCEL).select_related("work").first()
    if waiting is not None:
        close_unpaid_order(number=waiting.order_number, actor=_actor(waiting.work), now=now)


def _done_with(item: WorkItem, now: datetime) -> list[WorkItem]:
    """Do the item, and with it the rows of its file whose parcels have to give up their numbers for it."""
    if item.work.kind == BulkWork.Kind.CANCEL:
        return [item]
    chain = [item]
    while (row := _in_the_way(chain[-1])) and row.pk != item.pk:
        chain.append(row)
    if len(chain) == 1:
        _ship(item, now)
        return chain
    renumbered = [
        Renumbering(each.shipment_number, each.carrier_id, each.tracking_number)
        for each in chain
        if each.carrier_id is not None
    ]
    renumber_together(changes=renumbered, actor=_actor(item.work), now=now)
    return chain


def _in_the_way(item: WorkItem) -> WorkItem | None:
    """The waiting row that moves the parcel which has this row's number. Raises Busy while somebody else is at it."""
    if item.work.kind != BulkWork.Kind.TRACKING:
        return None
    holders = Shipment.objects.filter(tracking_number=item.tracking_number).exclude(number=item.shipment_number)
    rows = WorkItem.objects.filter(
        work=item.work_id, status=WorkItem.Status.WAITING, shipment_number__in=holders.values("number")
    )
    row_id = rows.values_list("pk", flat=True).first()
    if row_id is None:
        return None
    row = _take(row_id)
    if row is None:
        raise Busy
    return row


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


@use_case
def _wait(*, item_id: int, error: Exception, now: datetime) -> bool:
    """The item waits on; whether the work does too, or is stopped because it has waited for long."""
    item = _take(item_id)
    if item is None:
        return True
    item.tries += 1
    item.save(update_fields=["tries"])
    if item.tries < MOST_TRIES:
        return True
    reason = str(error) if isinstance(error, DomainError) else str(Busy.message)
    stopped = BulkWork.objects.filter(pk=item.work_id, status=WorkStatus.RUNNING)
    stopped.update(status=WorkStatus.STOPPED, stopped_by=str(ITSELF))
    raise_alert(
        cause=_cause(item.work),
        message=STOPPED_MESSAGE,
        data={"number": item.work_id, "reason": reason},
        link=reverse("admin:workbench_bulkwork_change", args=[item.work_id]),
        permission="workbench.view_bulkwork",
        now=now,
    )
    return False


def _cause(work: BulkWork) -> str:
    return f"workbench.work.{work.pk}"


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
