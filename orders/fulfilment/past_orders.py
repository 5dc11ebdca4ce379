"""Paid orders as events that earn points: what a rule may look at, as it was at the payment.

See `points.rules.history`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from orders.checkout.models import Order
from points.rules.events import ORDER, EarningEvent, EarningLine
from shop.core.prepared import Prepared

BATCH = 500

# A row for each line, none of them a gift's, of the orders in question.
_EVENTS = """
SELECT paid.number, paid.member_id, paid.paid_at, paid.channel, paid.id,
    NOT EXISTS (SELECT FROM checkout_order earlier WHERE earlier.member_id = paid.member_id
        AND (earlier.paid_at, earlier.id) < (paid.paid_at, paid.id)),
    line.sku_id, line.product_id, category.path, line.quantity, line.payable_fen, product.brand_id
FROM ({orders}) AS paid
LEFT JOIN checkout_orderline line ON line.order_id = paid.id AND NOT line.is_gift
LEFT JOIN catalog_product product ON product.id = line.product_id
LEFT JOIN catalog_category category ON category.id = product.category_id
ORDER BY paid.paid_at, paid.id, line.position
"""
_EVENT = Prepared(
    "paid_order",
    _EVENTS.format(orders="SELECT * FROM checkout_order WHERE number = %s AND paid_at IS NOT NULL"),
)
_BATCH = Prepared(
    "paid_orders",
    _EVENTS.format(
        orders=f"""
    SELECT * FROM checkout_order
    WHERE paid_at >= %s::timestamptz AND paid_at < %s::timestamptz AND (paid_at, id) > (%s::timestamptz, %s::bigint)
    ORDER BY paid_at, id LIMIT {BATCH}
"""
    ),
)


class PaidOrders:
    """Implements `PastOrders`."""

    def count(self, *, since: datetime, until: datetime) -> int:
        return Order.objects.filter(paid_at__gte=since, paid_at__lt=until).count()

    def events(self, *, since: datetime, until: datetime) -> Iterator[Sequence[EarningEvent]]:
        """In one query a batch."""
        last = (since, 0)
        while rows := _BATCH.run([since, until, *last]):
            yield _as_events(rows)
            last = (rows[-1][2], rows[-1][4])

    def event(self, *, number: str) -> EarningEvent | None:
        return next(iter(_as_events(_EVENT.run([number]))), None)


PAST_ORDERS = PaidOrders()


def reference_of(number: str) -> str:
    return f"order:{number}"


def _as_events(rows: Sequence[tuple[Any, ...]]) -> list[EarningEvent]:
    events = []
    for (number, member_id, paid_at, channel, _id, is_first), lines in groupby(rows, lambda row: row[:6]):
        events.append(
            EarningEvent(
                kind=ORDER.code,
                reference=reference_of(number),
                member_id=member_id,
                at=paid_at,
                lines=tuple(EarningLine(*line[6:]) for line in lines if line[6] is not None),
                channel=channel,
                is_first_order=is_first,
            )
        )
    return events
