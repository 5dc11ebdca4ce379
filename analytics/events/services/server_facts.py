"""What the shop itself knows happened: orders, payments, refunds, one event for each product, through the same buffer.

They are told again and again without effect: their names follow from the order's number.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Coalesce

from analytics.events.lines import Row, lines_of, milliseconds
from analytics.events.models import Batch, Event, TrackingRefusal
from analytics.events.names import ORDER, PAID, REFUNDED
from orders.checkout.models import Order, OrderLine, OrderStatus
from shop.core.transactions import use_case

# After whatever fronts tell of the same millisecond.
LAST = 999
ORDERS_AT_ONCE = 500
# Events are kept to the millisecond.
SLACK = timedelta(seconds=1)


@use_case
def record_orders(*, numbers: Sequence[str], now: datetime) -> int:
    """Orders as placed and, where they are, as paid; returns how many events these are."""
    orders = list(Order.objects.filter(number__in=numbers).order_by("pk"))
    products = _products(orders)
    return sum(_record(order, products.get(order.pk, []), now) for order in orders if not _is_refused(order.member_id))


def record_waiting_orders(*, now: datetime) -> int:
    """Orders that wait for their payment: they tell of themselves when they are paid or closed, which may take long."""
    waiting = Order.objects.filter(status=OrderStatus.PENDING_PAYMENT)
    told = Event.objects.filter(order_number=OuterRef("number"), at__gte=OuterRef("placed_at") - SLACK, name=ORDER)
    numbers = waiting.filter(~Exists(told)).order_by("pk").values_list("number", flat=True)
    return record_orders(numbers=list(numbers[:ORDERS_AT_ONCE]), now=now)


@use_case
def record_refund(*, refund_number: str, order_number: str, amount_fen: int, at: datetime, now: datetime) -> None:
    order = Order.objects.filter(number=order_number).first()
    if order is None or _is_refused(order.member_id):
        return
    row = _row(REFUNDED, order, at, None, amount_fen, refund_number)
    _keep(order.member_id, [row], now)


def _record(order: Order, products: Sequence[tuple[int, int]], now: datetime) -> int:
    rows = [_row(ORDER, order, order.placed_at, product, fen) for product, fen in products]
    if order.paid_at is not None:
        rows += [_row(PAID, order, order.paid_at, product, fen) for product, fen in products]
    _keep(order.member_id, rows, now)
    return len(rows)


def _row(name: str, order: Order, at: datetime, product_id: int | None, amount_fen: int, which: str = "") -> Row:
    return Row(
        event_id=str(uuid5(NAMESPACE_URL, f"lantern:{name}:{order.number}:{product_id or which}")),
        at_ms=milliseconds(at),
        sequence=LAST,
        name=name,
        product_id=product_id,
        channel=order.channel,
        order_number=order.number,
        amount_fen=amount_fen,
    )


def _products(orders: Iterable[Order]) -> dict[int, list[tuple[int, int]]]:
    """By order: its products and what is paid for each."""
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders]).values("order", "product")
    found: dict[int, list[tuple[int, int]]] = {}
    for row in lines.annotate(fen=Coalesce(Sum("payable_fen"), 0)).order_by("order", "product"):
        found.setdefault(row["order"], []).append((row["product"], row["fen"]))
    return found


def _is_refused(member_id: int) -> bool:
    return TrackingRefusal.objects.filter(member_id=member_id).exists()


def _keep(member_id: int, rows: Sequence[Row], now: datetime) -> None:
    if rows:
        Batch.objects.create(member_id=member_id, lines=lines_of(rows, now=now), events=len(rows), received_at=now)
