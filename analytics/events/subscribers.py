"""What orders and payments tell becomes events, with the same buffer and the same keys as all others."""

from analytics.events.services.server_facts import record_orders, record_refund
from orders.checkout.facts import OrderCancelled, OrderPaid
from orders.payments.facts import RefundSucceeded
from shop.core import clock
from shop.core.events import subscribe


@subscribe(OrderPaid, turn=100)
def order_was_paid(fact: OrderPaid) -> None:
    record_orders(numbers=[fact.number], now=clock.now())


@subscribe(OrderCancelled)
def order_was_closed(fact: OrderCancelled) -> None:
    record_orders(numbers=[fact.number], now=clock.now())


@subscribe(RefundSucceeded)
def order_was_refunded(fact: RefundSucceeded) -> None:
    record_refund(
        refund_number=fact.number,
        order_number=fact.order_number,
        amount_fen=fact.amount_fen,
        at=fact.at,
        now=clock.now(),
    )
