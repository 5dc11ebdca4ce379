"""Paid orders as events that earn points: what a rule may look at, as it was at the payment.

See `points.rules.history`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from orders.checkout.models import Order, OrderLine
from points.rules.events import ORDER, EarningEvent, EarningLine

BATCH = 500


class PaidOrders:
    """Implements `PastOrders`."""

    def count(self, *, since: datetime, until: datetime) -> int:
        return Order.objects.filter(paid_at__gte=since, paid_at__lt=until).count()

    def events(self, *, since: datetime, until: datetime) -> Iterator[Sequence[EarningEvent]]:
        """In two queries a batch."""
        last = Q()
        while batch := list(_paid().filter(last, paid_at__gte=since, paid_at__lt=until)[:BATCH]):
            yield [_event(order) for order in batch]
            end = batch[-1]
            last = Q(paid_at__gt=end.paid_at) | Q(paid_at=end.paid_at, pk__gt=end.pk)

    def event(self, *, number: str) -> EarningEvent | None:
        order = _paid().filter(number=number).first()
        return _event(order) if order else None


PAST_ORDERS = PaidOrders()


def reference_of(number: str) -> str:
    return f"order:{number}"


def _paid() -> QuerySet[Any]:
    earlier = Order.objects.filter(member=OuterRef("member"), paid_at__isnull=False).filter(
        Q(paid_at__lt=OuterRef("paid_at")) | Q(paid_at=OuterRef("paid_at"), pk__lt=OuterRef("pk"))
    )
    lines = OrderLine.objects.filter(is_gift=False).annotate(
        category_path=F("product__category__path"), brand_id=F("product__brand_id")
    )
    return (
        Order.objects.filter(paid_at__isnull=False)
        .annotate(is_first=~Exists(earlier))
        .prefetch_related(Prefetch("lines", lines))
        .order_by("paid_at", "pk")
    )


def _event(order: Any) -> EarningEvent:
    lines = (
        EarningLine(
            sku_id=line.sku_id,
            product_id=line.product_id,
            category_path=line.category_path,
            quantity=line.quantity,
            net_fen=line.payable_fen,
            brand_id=line.brand_id,
        )
        for line in order.lines.all()
    )
    return EarningEvent(
        kind=ORDER.code,
        reference=reference_of(order.number),
        member_id=order.member_id,
        at=order.paid_at,
        lines=tuple(lines),
        channel=order.channel,
        is_first_order=order.is_first,
    )
