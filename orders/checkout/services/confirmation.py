"""An order has been paid: called by `orders.payments`, which alone knows that."""

from datetime import datetime

from orders.checkout.facts import OrderPaid
from orders.checkout.models import Order, OrderStatus
from promotions.checkout import services as promotions
from shop.catalog.services.stock import confirm_reservation
from shop.core.actors import Actor
from shop.core.outbox import publish


def confirm_paid(*, order: Order, actor: Actor, now: datetime) -> None:
    """Mark the locked order as paid in full, use up its promotions and keep its stock; inside the caller's transaction.

    What follows is written down as one outbox row per step. Raises IllegalTransition unless payment was awaited.
    """
    order.paid_fen = order.payable_fen
    order.move_to(OrderStatus.PAID, actor=actor, now=now, also=("paid_fen",))
    promotions.confirm(order_number=order.number, member_id=order.member_id, paid_fen=order.paid_fen, now=now)
    confirm_reservation(reference=order.number)
    publish(OrderPaid(number=order.number, member_id=order.member_id, payable_fen=order.payable_fen, at=now))
