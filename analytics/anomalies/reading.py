"""Reading hours: from what other rooms keep, once each hour is over and settled."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, DateTimeField, Q, QuerySet
from django.db.models.functions import Trunc

from analytics.anomalies.judging import WEEKS, Hour
from analytics.anomalies.models import Measure, Reading
from analytics.traffic.models import SessionFact
from orders.checkout.models import Order
from orders.payments.models import Payment, PaymentStatus
from shop.catalog.models import Product
from shop.catalog.queries import on_shelf
from shop.core.clock import business_day

HOUR, WEEK, DAY = timedelta(hours=1), timedelta(weeks=1), timedelta(days=1)
# What is usual is told from so far back; older readings are of no use.
BACK = WEEKS * WEEK


class Source(NamedTuple):
    """`settles`: how long after an hour its figure no longer moves. `read` answers hours with something in them."""

    settles: timedelta
    read: Callable[[datetime, datetime], dict[datetime, Hour]]


def _orders(start: datetime, end: datetime) -> dict[datetime, Hour]:
    placed = Order.objects.filter(placed_at__gte=start, placed_at__lt=end).order_by()
    return _by_hour(placed, "placed_at", part=Count("pk"))


def _payments(start: datetime, end: datetime) -> dict[datetime, Hour]:
    """Tries to pay of the hour that have not succeeded by now."""
    tried = Payment.objects.filter(created_at__gte=start, created_at__lt=end).order_by()
    return _by_hour(tried, "created_at", part=Count("pk", filter=~Q(status=PaymentStatus.SUCCEEDED)))


def _bounces(start: datetime, end: datetime) -> dict[datetime, Hour]:
    """Of sessions with a page view, by the hour of their beginning."""
    days = (business_day(start), business_day(end))
    begun = SessionFact.objects.filter(day__range=days, started_at__gte=start, started_at__lt=end, views__gt=0)
    return _by_hour(begun.order_by(), "started_at", part=Count("pk", filter=Q(is_bounce=True)))


def _by_hour(rows: QuerySet[Any], field: str, *, part: Count) -> dict[datetime, Hour]:
    hour = Trunc(field, "hour", output_field=DateTimeField())
    counted = rows.annotate(begins=hour).values_list("begins").annotate(part_of=part, all_of=Count("pk"))
    return {begins: Hour(some, every) for begins, some, every in counted}


# How many products lie on the shelf empty cannot be asked about the past.
SOURCES = {
    Measure.ORDERS: Source(timedelta(minutes=5), _orders),
    Measure.PAYMENT_FAILURES: Source(HOUR, _payments),
    Measure.BOUNCES: Source(timedelta(minutes=30), _bounces),
}


def last_hour(now: datetime, settles: timedelta = timedelta()) -> datetime:
    """The latest that is over and settled."""
    return (now - settles).replace(minute=0, second=0, microsecond=0) - HOUR


def read_hours(measure: Measure, *, now: datetime) -> list[datetime]:
    """Take the readings that are due, in order; the first time those of all past weeks. Returns the new hours."""
    if measure is Measure.STOCK_OUTS:
        return _read_stock(now)
    source = SOURCES[measure]
    last = last_hour(now, source.settles)
    known = Reading.objects.filter(measure=measure).order_by("-hour").values_list("hour", flat=True).first()
    first = max(known + HOUR, last - BACK) if known else last - BACK
    if first > last:
        return []
    found = source.read(first, last + HOUR)
    # Before the shop began there was nothing to be usual.
    if known is None:
        first = min(found, default=last)
    hours = [first + n * HOUR for n in range((last - first) // HOUR + 1)]
    _keep([Reading(measure=measure, hour=hour, **found.get(hour, Hour(0, 0))._asdict()) for hour in hours])
    return hours


def past_of(measure: Measure, hour: datetime) -> list[Hour]:
    """The same hour of the weeks before, as far as they were read."""
    weeks = [hour - n * WEEK for n in range(1, WEEKS + 1)]
    rows = Reading.objects.filter(measure=measure, hour__in=weeks).order_by("hour").values_list("part", "whole")
    return [Hour(part, whole) for part, whole in rows]


def forget_readings(*, now: datetime) -> int:
    return Reading.objects.filter(hour__lt=now - BACK - DAY).delete()[0]


def _read_stock(now: datetime) -> list[datetime]:
    hour = last_hour(now)
    if Reading.objects.filter(measure=Measure.STOCK_OUTS, hour=hour).exists():
        return []
    empty = Product.objects.filter(on_shelf(now=now), skus_in_stock=0).count()
    _keep([Reading(measure=Measure.STOCK_OUTS, hour=hour, part=empty, whole=empty)])
    return [hour]


def _keep(readings: list[Reading]) -> None:
    Reading.objects.bulk_create(readings, ignore_conflicts=True, batch_size=500)
