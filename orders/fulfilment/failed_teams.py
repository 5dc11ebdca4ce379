"""Paid orders whose team has failed, or that were paid too late for it: all of their money goes back."""

from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from orders.after_sales.models import AfterSale, Reason, Status
from orders.after_sales.services import call_off
from orders.checkout import notes
from orders.checkout.models import Order, OrderStatus
from promotions.group_buy.facts import SeatFailed
from promotions.group_buy.models import Seat, SeatStatus, TeamStatus
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.failures import Failures
from shop.core.models import OutboxEntry

log = structlog.get_logger()
TEAM = Actor.system("group_buy")


def pay_back(*, order_number: str, team_id: int, late: bool, now: datetime) -> None:
    """Inside the caller's transaction or in one of its own; paid back already, it stays so."""
    note = notes.of_team(notes.TEAM_LATE if late else notes.TEAM_FAILED, team_id)
    call_off(number=order_number, note=note, actor=TEAM, now=now)


def forgotten() -> QuerySet[Seat]:
    """Those whose order nobody pays back: it is not called off, and no word of it is still on its way."""
    order = Order.objects.filter(number=OuterRef("order_number"), status=OrderStatus.REFUNDED)
    called_off = AfterSale.objects.filter(
        order__number=OuterRef("order_number"),
        reason=Reason.CALLED_OFF,
        status__in=[Status.REFUNDING, Status.COMPLETED],
    )
    told = OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING, fact=SeatFailed.__name__)
    on_its_way = told.alias(told_of=KT("payload__order_number")).filter(told_of=OuterRef("order_number"))
    lost = Q(status=SeatStatus.PAID, team__status=TeamStatus.FAILED) | Q(status=SeatStatus.REFUSED)
    return Seat.objects.filter(lost, ~Exists(order), ~Exists(called_off), ~Exists(on_its_way)).order_by("pk")


def pay_back_forgotten(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Each in a transaction of its own; one that cannot be paid back holds up no other."""
    effect = {"refunded": 0, "failed": 0}
    failures = Failures("Failed teams that were not paid back")
    for seat in list(forgotten()[:limit]):
        late = seat.status == SeatStatus.REFUSED
        with failures.of(seat.order_number):
            try:
                pay_back(order_number=seat.order_number, team_id=seat.team_id, late=late, now=now)
            except DomainError as error:
                log.warning("failed_team_not_paid_back", order=seat.order_number, error=error.code)
                effect["failed"] += 1
            else:
                effect["refunded"] += 1
    failures.raise_them()
    return effect
