"""What was sold in a time, for the home page, dashboards and reports: all of them show what is worked out here."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from orders.checkout.models import Order
from shop.core.clock import SHANGHAI


@dataclass(frozen=True)
class Sales:
    """`placed` by the time of the order; the rest by that of its payment, whatever comes back later."""

    placed: int = 0
    paid: int = 0
    paid_fen: int = 0
    buyers: int = 0


def sales_between(start: datetime, end: datetime, *, channel: str = "") -> Sales:
    placed = _orders(channel).filter(placed_at__gte=start, placed_at__lt=end).count()
    paid = _orders(channel).filter(paid_at__gte=start, paid_at__lt=end)
    found = paid.aggregate(paid=Count("pk"), paid_fen=Sum("paid_fen", default=0), buyers=Count("member", distinct=True))
    return Sales(placed, **found)


def sales_by_day(start: datetime, end: datetime, *, channel: str = "") -> dict[date, tuple[int, int]]:
    """Orders and fen paid on each Shanghai day; days without any are left out."""
    paid = _orders(channel).filter(paid_at__gte=start, paid_at__lt=end).order_by()
    rows = paid.values_list(TruncDate("paid_at", tzinfo=SHANGHAI)).annotate(Count("pk"), Sum("paid_fen"))
    return {day: (orders, fen) for day, orders, fen in rows}


def _orders(channel: str) -> QuerySet[Any]:
    return Order.objects.filter(Q(channel=channel) if channel else Q())
