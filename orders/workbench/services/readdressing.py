"""An order goes to another address before it leaves: the order, what is asked of the warehouses, and each parcel."""

from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from logistics.allocation.services import readdress
from members.identity.queries import RecipientSnapshot
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderEvent, OrderStatus
from orders.workbench.errors import RecipientNotChangeable, RegionUnknown
from shop.core.actors import Actor
from shop.core.transactions import use_case
from shop.regions.queries import region

CHANGEABLE = (OrderStatus.PENDING_PAYMENT, OrderStatus.PAID, OrderStatus.ALLOCATED, OrderStatus.PARTLY_SHIPPED)


@use_case
def change_recipient(
    *, number: str, name: str, phone: str, region_code: str, detail: str, reason: str, actor: Actor, now: datetime
) -> Order:
    """Send what has not left to somebody else; the phone is E.164. The price stays: staff change it by itself.

    Parcels that were planned are planned anew, with waybills for the new address. Raises OrderNotFound,
    RecipientNotChangeable, RegionUnknown.
    """
    order = lock_order(number=number)
    if order.status not in CHANGEABLE or order.pickup_store_id is not None or not order.needs_parcel:
        raise RecipientNotChangeable
    where = region(region_code)
    if where is None or not where.is_leaf:
        raise RegionUnknown
    order.recipient = asdict(
        RecipientSnapshot(
            name=name,
            phone=phone,
            region_code=where.code,
            region_path=where.path_name,
            province_code=where.province_code,
            detail=detail,
            longitude=where.longitude,
            latitude=where.latitude,
        )
    )
    order.phone_tail = phone[-4:]
    order.save(update_fields=["recipient", "phone_tail"])
    with translation.override(settings.LANGUAGE_CODE):
        note = gettext("Address changed: {reason}").format(reason=reason)
    OrderEvent.objects.create(order=order, status=order.status, actor=str(actor)[:80], note=note[:200], happened_at=now)
    readdress(order_number=order.number, recipient=order.recipient, now=now)
    return order
