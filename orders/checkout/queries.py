"""Reads of a member's own orders."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.preferences import AFTER_SALE_DAYS
from orders.checkout.reviewing import with_something_to_review


def member_orders(*, member_id: int, status: str | None = None) -> QuerySet[Order]:
    """The member's orders with their lines, in two queries for any page of them."""
    orders = Order.objects.filter(member_id=member_id).select_related("deposit").prefetch_related("lines")
    return orders.filter(status=status) if status else orders


def to_review(*, member_id: int, now: datetime) -> QuerySet[Order]:
    """The member's orders that have something to review, as `member_orders` gives them."""
    return with_something_to_review(member_orders(member_id=member_id), now=now)


def member_order(*, member_id: int, number: str) -> Order:
    """Raises OrderNotFound; another member's order does not exist."""
    order = member_orders(member_id=member_id).filter(number=number).first()
    if order is None:
        raise OrderNotFound
    return order


def after_sale_until(order: Order) -> datetime | None:
    """When goods of a completed order can no longer come back; None while it is not completed."""
    return order.completed_at + timedelta(days=AFTER_SALE_DAYS.value()) if order.completed_at else None


def units_for_after_sale(order: Order, line: OrderLine, *, now: datetime) -> int:
    """How many units of the line an after-sale can be asked for now."""
    until = after_sale_until(order)
    if order.status in (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED) or (until is not None and now >= until):
        return 0
    return line.quantity - line.units_claimed
