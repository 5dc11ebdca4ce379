"""Facts that move orders on: the steps after payment and completion, refunds, parcels; and what members are told.

Parcels may also travel under the number of an after-sale: those move no order.
"""

from logistics.allocation.facts import FulfilmentReduced, OrderAllocated
from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped
from orders.after_sales.facts import AfterSaleCompleted
from orders.checkout.facts import OrderCompleted, OrderPaid
from orders.fulfilment.after_completion import AFTER_AFTER_SALE, AFTER_COMPLETION, AFTER_REFUND
from orders.fulfilment.after_payment import AFTER_PAYMENT
from orders.fulfilment.notices import tell_delivered, tell_refunded, tell_shipped
from orders.fulfilment.queries import is_order
from orders.fulfilment.services import follow_parcels, mark_allocated
from orders.payments.facts import RefundSucceeded
from shop.core.events import subscribe

for step in AFTER_PAYMENT:
    subscribe(OrderPaid)(step)
for follow_up in AFTER_COMPLETION:
    subscribe(OrderCompleted)(follow_up)
for consequence in AFTER_REFUND:
    subscribe(RefundSucceeded)(consequence)
for share in AFTER_AFTER_SALE:
    subscribe(AfterSaleCompleted)(share)


@subscribe(OrderAllocated)
def order_allocated(fact: OrderAllocated) -> None:
    if is_order(fact.order_number):
        mark_allocated(order_number=fact.order_number, now=fact.at)


@subscribe(FulfilmentReduced)
def fulfilment_reduced(fact: FulfilmentReduced) -> None:
    if is_order(fact.order_number):
        follow_parcels(order_number=fact.order_number, now=fact.at)


@subscribe(ShipmentShipped)
def parcel_shipped(fact: ShipmentShipped) -> None:
    if is_order(fact.order_number):
        follow_parcels(order_number=fact.order_number, now=fact.at)


@subscribe(ShipmentDelivered)
def parcel_delivered(fact: ShipmentDelivered) -> None:
    if is_order(fact.order_number):
        follow_parcels(order_number=fact.order_number, now=fact.at)


@subscribe(ShipmentShipped)
def tell_of_shipping(fact: ShipmentShipped) -> None:
    tell_shipped(shipment_number=fact.shipment_number, now=fact.at)


@subscribe(ShipmentDelivered)
def tell_of_delivery(fact: ShipmentDelivered) -> None:
    tell_delivered(shipment_number=fact.shipment_number, now=fact.at)


@subscribe(RefundSucceeded)
def tell_of_refund(fact: RefundSucceeded) -> None:
    # After-sales tell of theirs.
    if fact.reference in ("", fact.order_number):
        tell_refunded(
            refund_number=fact.number, order_number=fact.order_number, amount_fen=fact.amount_fen, now=fact.at
        )
