"""Staff and orders for tests of the workbench."""

from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from logistics.network.models import Warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment, ShipmentStatus
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.confirmation import confirm_paid
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.models import Payment
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import StaffUser

LIST = "/admin/checkout/order/"
STAFF = Actor.staff("owner")


def owner(name: str = "owner") -> StaffUser:
    return StaffUser.objects.create_superuser(name, password="secret")


def clerk(*permissions: str, name: str = "clerk") -> StaffUser:
    user = StaffUser.objects.create_user(name, password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def seated(user: StaffUser) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def order_of(*wanted: tuple[Sku, int], member: Member | None = None, **fields: object) -> Order:
    """An unpaid order, of one tea for ¥49.90 unless told."""
    goods = wanted or ((SkuFactory(price_fen=4990, product__name="龙井"), 1),)
    order = ordered(buyer(member or MemberFactory()), *goods)
    Order.objects.filter(pk=order.pk).update(**fields)
    order.refresh_from_db()
    return order


def pay(order: Order, *, method: str = "wechat") -> Order:
    with transaction.atomic():
        confirm_paid(order=lock_order(number=order.number), actor=Actor.gateway(method), now=clock.now())
        Payment.objects.create(
            number=f"P{order.number}",
            order=order,
            method=method,
            status="succeeded",
            amount_fen=order.payable_fen,
            settles_order=True,
            created_at=clock.now(),
            succeeded_at=clock.now(),
        )
    order.refresh_from_db()
    return order


def to_ship(warehouse: Warehouse, count: int = 1, *, with_waybill: bool = True) -> list[Shipment]:
    """Parcels of as many paid orders, allocated in `warehouse`, each of one unit, ready with their waybills."""
    sku = SkuFactory(stock=0, price_fen=4990, product__name="龙井")
    receive(warehouse, {sku.pk: count})
    orders = [pay(order_of((sku, 1))) for _ in range(count)]
    deliver_facts()
    parcels = list(Shipment.objects.filter(order_number__in=[order.number for order in orders]).order_by("pk"))
    if with_waybill:
        for parcel in parcels:
            parcel.tracking_number, parcel.status = f"W{parcel.pk:010d}", ShipmentStatus.READY
        Shipment.objects.bulk_update(parcels, ["tracking_number", "status"])
    return parcels
