"""Facts that move orders on: the payment's steps, and what becomes of the parcels."""

from logistics.allocation.facts import OrderAllocated
from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped
from orders.checkout.facts import OrderCompleted, OrderPaid
from orders.fulfilment.after_completion import AFTER_COMPLETION
from orders.fulfilment.after_payment import AFTER_PAYMENT
from orders.fulfilment.services import follow_parcels, mark_allocated
from shop.core.events import subscribe

for step in AFTER_PAYMENT:
    subscribe(OrderPaid)(step)
for closing_step in AFTER_COMPLETION:
    subscribe(OrderCompleted)(closing_step)


@subscribe(OrderAllocated)
def order_allocated(fact: OrderAllocated) -> None:
    mark_allocated(order_number=fact.order_number, now=fact.at)


@subscribe(ShipmentShipped)
def parcel_shipped(fact: ShipmentShipped) -> None:
    follow_parcels(order_number=fact.order_number, now=fact.at)


@subscribe(ShipmentDelivered)
def parcel_delivered(fact: ShipmentDelivered) -> None:
    follow_parcels(order_number=fact.order_number, now=fact.at)
