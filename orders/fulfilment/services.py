"""An order follows its parcels.

Its status is read off the parcels as they are now, never off the message that came: late, repeated and swapped
messages lead to the same end. Always: an order is shipped when all its units are under way, delivered when all are;
units that were withdrawn before they were shipped are not waited for.
"""

from datetime import datetime

from logistics.allocation.queries import units_withdrawn
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.progress import advance
from orders.fulfilment.queries import units_under_way
from orders.verification.services.pickups import open_pickup
from shop.core.actors import Actor
from shop.core.transactions import use_case

WAREHOUSE = Actor.system("warehouse")
COURIER = Actor.gateway("courier")


@use_case
def mark_allocated(*, order_number: str, now: datetime) -> Order:
    """Every unit has a warehouse. Raises OrderNotFound."""
    order = lock_order(number=order_number)
    advance(order=order, target=OrderStatus.ALLOCATED, actor=WAREHOUSE, now=now)
    return order


@use_case
def follow_parcels(*, order_number: str, now: datetime) -> Order:
    """Bring the order to where its parcels are. Raises OrderNotFound."""
    order = lock_order(number=order_number)
    expected = sum(order.lines.values_list("quantity", flat=True)) - units_withdrawn(order_number=order_number)
    shipped, delivered = units_under_way(order_number=order_number)
    if not shipped:
        return order
    if delivered >= expected:
        advance(order=order, target=OrderStatus.DELIVERED, actor=COURIER, now=now)
        open_pickup(order=order, now=now)
    elif shipped >= expected:
        advance(order=order, target=OrderStatus.SHIPPED, actor=COURIER, now=now)
    else:
        advance(order=order, target=OrderStatus.PARTLY_SHIPPED, actor=COURIER, now=now)
    return order
