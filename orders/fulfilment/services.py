"""An order follows its parcels.

Its status is read off the parcels as they are now, never off the message that came: late, repeated and swapped
messages lead to the same end. Always: an order is shipped when all its units are under way, delivered when all are;
units that were withdrawn before they were shipped are not waited for.
"""

from datetime import datetime

from logistics.allocation import services as allocation
from logistics.allocation.queries import units_withdrawn
from logistics.allocation.services import FulfilmentItem
from members.tiers.queries import benefits_of
from orders.checkout.locks import lock_if_order, lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.progress import advance
from orders.fulfilment.queries import units_under_way
from orders.verification.services.pickups import open_pickup
from promotions.checkout.services import holds_goods
from shop.core.actors import Actor
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

# Written out, because every payment asks.
_GOODS = Prepared(
    "goods_to_send",
    """
SELECT sku_id, quantity, weight_g, volume_cm3, unit_price_fen FROM checkout_orderline
WHERE order_id = %s ORDER BY position
""",
)
WAREHOUSE = Actor.system("warehouse")
COURIER = Actor.gateway("courier")


def request_goods(*, order_number: str, now: datetime) -> None:
    """Ask the warehouses to send the goods of a paid order, once it waits for nobody; inside the caller's transaction.

    Asked again, nothing changes. Raises OrderNotFound.
    """
    # An address that staff change at this moment is either seen here or told to the warehouses afterwards.
    order = lock_order(number=order_number)
    if not order.needs_parcel or holds_goods(order_number=order.number):
        return
    items: dict[int, FulfilmentItem] = {}
    for sku_id, quantity, weight_g, volume_cm3, price_fen in _GOODS.run([order.pk]):
        # A gift may be of a SKU that was bought as well.
        known = items.get(sku_id) or FulfilmentItem(sku_id, 0, weight_g, volume_cm3)
        worth = max(price_fen, known.value_fen)
        items[sku_id] = FulfilmentItem(sku_id, quantity + known.quantity, weight_g, volume_cm3, worth)
    allocation.request_fulfilment(
        order_number=order.number,
        recipient=order.recipient or {},
        lines=list(items.values()),
        not_before=order.ships_at,
        priority=benefits_of(member_id=order.member_id).priority,
        now=now,
    )


@use_case
def mark_allocated(*, order_number: str, now: datetime) -> Order | None:
    """Every unit has a warehouse; None where the goods are not an order's."""
    order = lock_if_order(number=order_number)
    if order is not None:
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
