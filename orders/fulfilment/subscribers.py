"""Facts that move orders on: the steps after payment and completion, refunds, parcels; and what members are told.

Parcels may also travel under the number of an after-sale: those move no order.
"""

from contextlib import suppress

from logistics.allocation.facts import FulfilmentReduced, OrderAllocated
from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped
from orders.after_sales.facts import AfterSaleCompleted
from orders.checkout import notes
from orders.checkout.errors import OrderNotCancellable
from orders.checkout.facts import OrderCompleted, OrderPaid
from orders.fulfilment.after_completion import AFTER_AFTER_SALE, AFTER_COMPLETION, AFTER_REFUND
from orders.fulfilment.after_payment import AFTER_PAYMENT, ONLY
from orders.fulfilment.failed_teams import TEAM, pay_back
from orders.fulfilment.notices import tell_delivered, tell_refunded, tell_shipped
from orders.fulfilment.queries import is_order
from orders.fulfilment.services import follow_parcels, mark_allocated, request_goods
from orders.payments.facts import RefundSucceeded
from orders.payments.services.closing import close_unpaid_order
from promotions.group_buy.facts import SeatFailed, SeatReleased, SeatSucceeded
from shop.core import clock
from shop.core.events import subscribe

for turn, step in enumerate(AFTER_PAYMENT):
    subscribe(OrderPaid, turn=turn, only=ONLY.get(step))(step)
for follow_up in AFTER_COMPLETION:
    subscribe(OrderCompleted)(follow_up)
for consequence in AFTER_REFUND:
    subscribe(RefundSucceeded)(consequence)
for share in AFTER_AFTER_SALE:
    subscribe(AfterSaleCompleted)(share)


@subscribe(SeatSucceeded)
def send_goods_of_team(fact: SeatSucceeded) -> None:
    request_goods(order_number=fact.order_number, now=fact.at)


@subscribe(SeatFailed)
def pay_back_failed_team(fact: SeatFailed) -> None:
    pay_back(order_number=fact.order_number, team_id=fact.team_id, late=fact.late, now=fact.at)


@subscribe(SeatReleased, in_transaction=False)
def close_order_of_ended_team(fact: SeatReleased) -> None:
    """Paid at this very moment it is not closed: `SeatFailed` pays it back."""
    note = notes.of_team(notes.TEAM_LEFT, fact.team_id)
    with suppress(OrderNotCancellable):
        close_unpaid_order(number=fact.order_number, actor=TEAM, now=clock.now(), note=note)


@subscribe(OrderAllocated, turn=0)
def order_allocated(fact: OrderAllocated) -> None:
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
