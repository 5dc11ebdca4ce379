"""What happens when nobody acts in time: who is silent has agreed, what is not sent back is closed.

Decisions on goods and amounts are people's: they are called on the home page and go on waiting.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from django.urls import reverse
from django.utils.translation import gettext_noop

from orders.after_sales.errors import GoodsShipped
from orders.after_sales.models import AfterSale, Kind, Status
from orders.after_sales.preferences import RECEIVE_BY_TIME
from orders.after_sales.services.answering import approve, turn_into_return
from orders.after_sales.services.ending import close_unsent
from orders.after_sales.services.returning import receive_by_time
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.errors import DomainError
from shop.core.failures import Failures

CLOCK = Actor.system("after_sales.act_in_time")
OVERDUE = "after_sales.overdue"
MESSAGE = gettext_noop("{count} after-sales wait for a decision longer than they should.")

log = structlog.get_logger(__name__)


def act_in_time(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Act on what is due, each in a transaction of its own, and call people to the rest; returns what was done."""
    effect = {"approved": 0, "closed": 0, "received": 0, "failed": 0}
    acting = _acting()
    due = AfterSale.objects.filter(status__in=acting, due_at__lte=now).order_by("due_at")
    if Status.UNDER_WAY in acting:
        due = due.exclude(status=Status.UNDER_WAY, kind=Kind.EXCHANGE)
    failures = Failures("After-sales that were not acted on")
    for number, status in list(due.values_list("number", "status")[:limit]):
        with failures.of(number):
            try:
                done = acting[status](number, now)
            except DomainError as error:
                log.warning("after_sale_not_acted_on", number=number, error=error.code)
                done = "failed"
            effect[done] += 1
    call_for_overdue(now=now)
    failures.raise_them()
    return effect


def call_for_overdue(*, now: datetime) -> int:
    """Raise or clear the alert on what people have to decide; returns how many are overdue."""
    overdue = AfterSale.objects.filter(due_at__lte=now).count()
    if overdue:
        raise_alert(
            cause=OVERDUE,
            message=MESSAGE,
            data={"count": overdue},
            link=reverse("admin:after_sales_aftersale_changelist") + "?stage=overdue",
            permission="after_sales.view_aftersale",
            now=now,
        )
    else:
        clear_alert(cause=OVERDUE)
    return overdue


def _acting() -> Mapping[str, Callable[[str, datetime], str]]:
    acts: dict[str, Callable[[str, datetime], str]] = {Status.REQUESTED: _approve, Status.AWAITING_GOODS: _close}
    if RECEIVE_BY_TIME.value():
        acts[Status.UNDER_WAY] = _receive
    return acts


def _approve(number: str, now: datetime) -> str:
    try:
        approve(number=number, actor=CLOCK, now=now)
    except GoodsShipped:
        turn_into_return(number=number, actor=CLOCK, now=now)
    return "approved"


def _close(number: str, now: datetime) -> str:
    close_unsent(number=number, actor=CLOCK, now=now)
    return "closed"


def _receive(number: str, now: datetime) -> str:
    receive_by_time(number=number, actor=CLOCK, now=now)
    return "received"
