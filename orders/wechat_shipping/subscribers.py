"""What travels or has arrived is noted, and told to WeChat outside of every transaction."""

from logistics.shipments.facts import ShipmentShipped, TrackingNumberEntered
from orders.checkout.facts import OrderCompleted
from orders.wechat_shipping.facts import ShippingInfoDue
from orders.wechat_shipping.services import note_correction, note_parcels, send
from orders.wechat_shipping.watching import refresh_alarms
from shop.core import clock
from shop.core.events import subscribe


@subscribe(ShipmentShipped)
def parcel_travels(fact: ShipmentShipped) -> None:
    note_parcels(order_number=fact.order_number, now=fact.at)


@subscribe(TrackingNumberEntered, only=lambda fact: fact.corrects)
def parcel_was_another(fact: TrackingNumberEntered) -> None:
    """WeChat knows the wrong number; it takes one correction."""
    note_correction(order_number=fact.order_number, now=fact.at)


@subscribe(OrderCompleted)
def order_has_arrived(fact: OrderCompleted) -> None:
    """Picked up in a store, or never on the road at all; and what was refunded before it could travel."""
    note_parcels(order_number=fact.number, now=fact.at)


@subscribe(ShippingInfoDue, in_transaction=False)
def tell_wechat(fact: ShippingInfoDue) -> None:
    """What fails is tried again by the row's own clock, so the outbox has nothing to repeat."""
    now = clock.now()
    send(payment_id=fact.payment_id, now=now)
    refresh_alarms(now=now)
