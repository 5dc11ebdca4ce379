"""The commission of whoever has sold an order: counted from its lines, and from what is still paid for them."""

from datetime import datetime, timedelta

from orders.checkout.facts import OrderCompleted
from orders.checkout.models import Order
from orders.checkout.preferences import AFTER_SALE_DAYS
from orders.fulfilment.queries import DESTINATION, payer_of, still_paid_by_line
from promotions.distribution.screening import Destination
from promotions.distribution.services.selling import SoldLine, follow_refunds, sell
from promotions.distribution.services.settling import complete_sale


def sell_order(order: Order, *, sold_at: datetime) -> None:
    """The locked order was paid; once for each order, and for nobody where nobody has sold it."""
    bought = order.lines.filter(is_gift=False).order_by("position")
    sell(
        order_number=order.number,
        buyer_id=order.member_id,
        lines=[SoldLine(line.position, line.product_id, line.quantity, line.payable_fen) for line in bought],
        payer=payer_of(order),
        destination=_destination(order),
        sold_at=sold_at,
        now=sold_at,
    )


def _destination(order: Order) -> Destination | None:
    if order.recipient is None:
        return None
    return Destination(*(str(order.recipient.get(part, "")) for part in DESTINATION))


def follow_commission(order: Order, *, reference: str, now: datetime) -> None:
    """Leave of it what is still paid for each line of the locked order."""
    positions = order.lines.filter(is_gift=False).order_by("position").values_list("position", flat=True)
    left = still_paid_by_line(order, counting_commission_kept=True)
    follow_refunds(
        order_number=order.number,
        left_fen=dict(zip(positions, left, strict=True)),
        reference=reference,
        now=now,
    )


def mature_commission(fact: OrderCompleted) -> None:
    """Let it be settled when the goods can no longer come back."""
    complete_sale(order_number=fact.number, settles_at=fact.at + timedelta(days=AFTER_SALE_DAYS.value()))
