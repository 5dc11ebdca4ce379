"""A day's run: fetch the bill, keep it, compare, ask the gateway about what it knows better, compare again."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_noop

from orders.payments.errors import (
    GATEWAY_ERRORS,
    BillUnreadable,
    PaymentGatewayUnavailable,
    PaymentMethodUnavailable,
    PaymentRefused,
)
from orders.payments.gateways.base import MAX_FAILURES
from orders.payments.gateways.registry import gateway_for
from orders.payments.gateways.words import in_shop_language
from orders.payments.models import Payment
from orders.payments.services.asking import refresh_payment
from orders.payments.services.refunding import refresh_refund
from orders.reconciliation.errors import DayNotOver
from orders.reconciliation.models import GATEWAYS, Difference, DifferenceState, Reconciliation
from orders.reconciliation.preferences import ALERT_AFTER_HOURS, BILL_HOUR, CATCH_UP_DAYS
from orders.reconciliation.services.comparing import ACTOR, compare, gateway_name
from orders.reconciliation.services.keeping import keep_bill
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.clock import business_day, day_bounds

RETRY_AFTER = timedelta(minutes=20)
CHECK_AGAIN_AFTER = timedelta(hours=6)
MOST_ASKED = 200
NO_BILL_MESSAGE = gettext_noop("The bill of {day} could not be had from {gateway}: {failure}")


log = structlog.get_logger(__name__)


def reconcile(*, method: str, day: date, actor: Actor, now: datetime) -> Reconciliation:
    """Reconcile a gateway's day, again as often as wanted; never called inside a transaction.

    A bill that cannot be had is noted and tried again by the job. Raises DayNotOver, PaymentMethodUnavailable.
    """
    if day >= business_day(now):
        raise DayNotOver
    gateway = gateway_for(method)
    found, _created = Reconciliation.objects.get_or_create(method=method, day=day)
    try:
        with gateway.download_bill(day=day) as bill:
            found = keep_bill(reconciliation_id=found.pk, bill=bill, now=now)
    except (PaymentGatewayUnavailable, PaymentRefused, BillUnreadable) as error:
        return _not_had(found, failure=error.data.get("gateway_code") or error.code, now=now)
    clear_alert(cause=_cause(found))
    log.info("bill_kept", method=method, day=day.isoformat(), by=str(actor))
    if _ask_gateway(found, now=now):
        found = compare(reconciliation_id=found.pk, now=now)
    _check_again(method=method, now=now, besides=found.pk)
    return found


def reconcile_due(*, now: datetime) -> dict[str, int]:
    """Reconcile the days whose bill is there by now, and hold older days against our books again."""
    effect = {"tried": 0, "succeeded": 0, "failed": 0}
    for method in _configured():
        for day in _days_due(method, now=now):
            Reconciliation.objects.get_or_create(method=method, day=day)
        due = Reconciliation.objects.filter(method=method, status=Reconciliation.Status.WAITING)
        due = due.filter(Q(try_at__isnull=True) | Q(try_at__lte=now)).order_by("day")
        for day in due.values_list("day", flat=True):
            effect["tried"] += 1
            done = reconcile(method=method, day=day, actor=ACTOR, now=now).status == Reconciliation.Status.COMPARED
            effect["succeeded" if done else "failed"] += 1
            if not done:
                # The gateway is out of order, or has not drawn up any bill yet: later days have none either.
                break
        _check_again(method=method, now=now, before=now - CHECK_AGAIN_AFTER)
    return effect


def ask_about(*, difference: Difference, now: datetime) -> Reconciliation:
    """Ask the gateway about the payment or refund of a difference and compare its day again.

    Never called inside a transaction. Raises PaymentGatewayUnavailable, PaymentRefused, NotificationMismatch.
    """
    if difference.refund is not None:
        refresh_refund(number=difference.refund.number, now=now)
    elif difference.payment is not None:
        refresh_payment(number=difference.payment.number, actor=ACTOR, now=now)
    return compare(reconciliation_id=difference.reconciliation_id, now=now)


def _ask_gateway(found: Reconciliation, *, now: datetime) -> int:
    """What the bill knows as paid or refunded and we do not: the gateway's own word decides, not the bill's."""
    unlike = Difference.objects.filter(
        reconciliation=found, state=DifferenceState.OPEN, kind=Difference.Kind.STATUS
    ).select_related("payment", "refund")
    asked = failed = 0
    for difference in unlike.order_by("pk")[:MOST_ASKED]:
        if failed >= MAX_FAILURES:
            break
        asked += 1
        try:
            if difference.refund is not None:
                refresh_refund(number=difference.refund.number, now=now)
            elif difference.payment is not None:
                refresh_payment(number=difference.payment.number, actor=ACTOR, now=now)
        except GATEWAY_ERRORS as error:
            failed += 1
            log.warning("difference_not_asked_about", number=difference.number, error=error.code)
    return asked


def _check_again(*, method: str, now: datetime, besides: int = 0, before: datetime | None = None) -> None:
    """Days with open differences, and the latest days, whose payments may have become known late."""
    opened = Difference.objects.filter(reconciliation=OuterRef("pk"), state=DifferenceState.OPEN)
    latest = business_day(now) - timedelta(days=CATCH_UP_DAYS.value())
    days = Reconciliation.objects.filter(method=method, status=Reconciliation.Status.COMPARED).exclude(pk=besides)
    days = days.filter(Exists(opened) | Q(day__gte=latest))
    if before is not None:
        days = days.filter(compared_at__lte=before)
    for reconciliation_id in days.order_by("day").values_list("pk", flat=True):
        compare(reconciliation_id=reconciliation_id, now=now)


def _not_had(found: Reconciliation, *, failure: str, now: datetime) -> Reconciliation:
    """Note that the bill was not there. People are told only when it is late: the next morning is early enough."""
    found.refresh_from_db()
    found.failure, found.tries = failure[:60], found.tries + 1
    found.tried_at, found.try_at = now, now + RETRY_AFTER
    found.save(update_fields=["failure", "tries", "tried_at", "try_at"])
    log.warning("bill_not_had", method=found.method, day=found.day.isoformat(), failure=failure)
    if now >= _expected_at(found.day) + timedelta(hours=ALERT_AFTER_HOURS.value()):
        raise_alert(
            cause=_cause(found),
            message=NO_BILL_MESSAGE,
            data={
                "day": found.day.isoformat(),
                "gateway": gateway_name(found.method),
                "failure": in_shop_language(found.failure),
            },
            link=reverse("admin:reconciliation_reconciliation_change", args=[found.pk]),
            permission="reconciliation.view_reconciliation",
            now=now,
        )
    return found


def _configured() -> Iterator[str]:
    for method, _label in GATEWAYS:
        try:
            gateway_for(method)
        except PaymentMethodUnavailable:
            continue
        yield method


def _days_due(method: str, *, now: datetime) -> list[date]:
    """The days since the first payment, but not longer ago than is caught up with, whose bill should be there."""
    first = Payment.objects.filter(method=method).order_by("pk").values_list("created_at", flat=True).first()
    if first is None:
        return []
    today = business_day(now)
    days = [today - timedelta(days=back) for back in range(CATCH_UP_DAYS.value(), 0, -1)]
    return [day for day in days if day >= business_day(first) and _expected_at(day) <= now]


def _expected_at(day: date) -> datetime:
    """When the gateway has the bill of a day ready."""
    _start, end = day_bounds(day)
    return end + timedelta(hours=BILL_HOUR.value())


def _cause(found: Reconciliation) -> str:
    return f"reconciliation.bill.{found.method}.{found.day.isoformat()}"
