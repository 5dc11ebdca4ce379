"""Which lines of an order its buyer may review: what the room of reviews asks, and what orders show."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.preferences import REVIEW_DAYS

RECEIVED = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)


def why_not_reviewable(order: Order, line: OrderLine, *, now: datetime) -> str:
    """A code, empty where the line may be reviewed: `not_received`, `gift`, `refunded`, `reviewed` or `too_late`."""
    if line.is_gift:
        return "gift"
    if order.status == OrderStatus.REFUNDED or line.units_returned >= line.quantity:
        return "refunded"
    if order.status not in RECEIVED:
        return "not_received"
    if line.reviewed_at is not None:
        return "reviewed"
    return "too_late" if order.completed_at is not None and order.completed_at <= _since(now) else ""


def with_something_to_review(orders: QuerySet[Order], *, now: datetime) -> QuerySet[Order]:
    """Those of the orders that have a line to review now."""
    in_time = Q(completed_at=None) | Q(completed_at__gt=_since(now))
    lines = OrderLine.objects.filter(
        order=OuterRef("pk"), is_gift=False, reviewed_at=None, units_returned__lt=F("quantity")
    )
    return orders.filter(in_time, Exists(lines), status__in=RECEIVED)


def mark_reviewed(*, line_id: int, now: datetime | None) -> None:
    """Inside the caller's transaction, with the order locked; None where it may be reviewed again."""
    OrderLine.objects.filter(pk=line_id).update(reviewed_at=now)


def _since(now: datetime) -> datetime:
    return now - timedelta(days=REVIEW_DAYS.value())
