"""What the shop itself knows happened: orders, payments, refunds, one event for each product, through the same buffer.

They are told again and again without effect: their names follow from the order's number.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Exists, OuterRef

from analytics.events.lines import Row, lines_of, milliseconds
from analytics.events.models import Event, TrackingRefusal
from analytics.events.names import ORDER, PAID, REFUNDED
from orders.checkout.models import Order, OrderStatus
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

# After whatever fronts tell of the same millisecond.
LAST = 999
ORDERS_AT_ONCE = 500
# Events are kept to the millisecond.
SLACK = timedelta(seconds=1)
# Written out, because every payment asks: a row for each product of these orders, with what is paid for it.
_PLACED = Prepared(
    "orders_as_placed",
    """
SELECT placed.number, placed.member_id, placed.channel, placed.placed_at, placed.paid_at, line.product_id,
    sum(line.payable_fen)::bigint
FROM checkout_order placed JOIN checkout_orderline line ON line.order_id = placed.id
WHERE placed.number = ANY(%s::text[])
    AND NOT EXISTS (SELECT FROM events_trackingrefusal refusal WHERE refusal.member_id = placed.member_id)
GROUP BY placed.id, line.product_id ORDER BY placed.id, line.product_id
""",
)
_KEEP = Prepared(
    "keep_events", "INSERT INTO events_batch (member_id, lines, events, received_at) VALUES (%s, %s, %s, %s)"
)


class Placed(NamedTuple):
    """What events tell of an order; the columns of `_PLACED` before its products."""

    number: str
    member_id: int
    channel: str
    placed_at: datetime
    paid_at: datetime | None


@use_case
def record_orders(*, numbers: Sequence[str], now: datetime) -> int:
    """Orders as placed and, where they are, as paid; returns how many events these are."""
    of_orders = groupby(_PLACED.run([list(numbers)]), key=lambda row: Placed(*row[:5]))
    return sum(_record(order, [row[5:] for row in rows], now) for order, rows in of_orders)


def record_waiting_orders(*, now: datetime) -> int:
    """Orders that wait for their payment: they tell of themselves when they are paid or closed, which may take long."""
    waiting = Order.objects.filter(status=OrderStatus.PENDING_PAYMENT)
    told = Event.objects.filter(order_number=OuterRef("number"), at__gte=OuterRef("placed_at") - SLACK, name=ORDER)
    numbers = waiting.filter(~Exists(told)).order_by("pk").values_list("number", flat=True)
    return record_orders(numbers=list(numbers[:ORDERS_AT_ONCE]), now=now)


@use_case
def record_refund(*, refund_number: str, order_number: str, amount_fen: int, at: datetime, now: datetime) -> None:
    order = Order.objects.filter(number=order_number).first()
    if order is None or TrackingRefusal.objects.filter(member_id=order.member_id).exists():
        return
    row = _row(REFUNDED, order, at, None, amount_fen, refund_number)
    _keep(order.member_id, [row], now)


def _record(order: Placed, products: Sequence[tuple[int, int]], now: datetime) -> int:
    rows = [_row(ORDER, order, order.placed_at, product, fen) for product, fen in products]
    if order.paid_at is not None:
        rows += [_row(PAID, order, order.paid_at, product, fen) for product, fen in products]
    _keep(order.member_id, rows, now)
    return len(rows)


def _row(
    name: str, order: Placed | Order, at: datetime, product_id: int | None, amount_fen: int, which: str = ""
) -> Row:
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


def _keep(member_id: int, rows: Sequence[Row], now: datetime) -> None:
    _KEEP.run([member_id, lines_of(rows, now=now), len(rows), now])
