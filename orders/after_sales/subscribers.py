"""Facts that move after-sales on: refunds, and the parcels of replacements; and what members are told."""

from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped
from orders.after_sales.facts import AfterSaleMoved
from orders.after_sales.models import AfterSale
from orders.after_sales.notices import tell_member
from orders.after_sales.services.ending import settle
from orders.after_sales.services.replacing import replacement_delivered, replacement_shipped
from orders.payments.facts import RefundSucceeded
from shop.core.events import subscribe


@subscribe(RefundSucceeded)
def refund_arrived(fact: RefundSucceeded) -> None:
    if is_after_sale(fact.reference):
        settle(number=fact.reference, now=fact.at)


@subscribe(ShipmentShipped)
def parcel_shipped(fact: ShipmentShipped) -> None:
    if is_after_sale(fact.order_number):
        replacement_shipped(number=fact.order_number, now=fact.at)


@subscribe(ShipmentDelivered)
def parcel_delivered(fact: ShipmentDelivered) -> None:
    if is_after_sale(fact.order_number):
        replacement_delivered(number=fact.order_number, now=fact.at)


@subscribe(AfterSaleMoved)
def tell_of_step(fact: AfterSaleMoved) -> None:
    tell_member(number=fact.number, status=fact.status, now=fact.at)


def is_after_sale(number: str) -> bool:
    """Whether a number under which goods or money travel is that of an after-sale."""
    return bool(number) and AfterSale.objects.filter(number=number).exists()
