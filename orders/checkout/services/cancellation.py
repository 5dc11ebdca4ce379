"""An unpaid order is given up. `orders.payments` calls it once no payment of the order is open at a gateway."""

from datetime import datetime

from orders.checkout.errors import OrderNotCancellable
from orders.checkout.facts import OrderCancelled
from orders.checkout.models import Order, OrderStatus
from promotions.checkout import services as promotions
from shop.catalog.services.stock import release_reservation
from shop.core.actors import Actor
from shop.core.outbox import publish


def cancel_unpaid(*, order: Order, actor: Actor, now: datetime, note: str = "") -> None:
    """Cancel the locked order and give back everything it holds; inside the caller's transaction.

    Raises OrderNotCancellable unless payment was awaited.
    """
    if order.status != OrderStatus.PENDING_PAYMENT:
        raise OrderNotCancellable
    order.move_to(OrderStatus.CANCELLED, actor=actor, now=now, note=note)
    promotions.release(order_number=order.number, now=now)
    release_reservation(reference=order.number)
    publish(OrderCancelled(number=order.number, member_id=order.member_id, at=now))
