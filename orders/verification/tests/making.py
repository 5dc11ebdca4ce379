"""Orders whose goods have come to a store, and staff who work there."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction

from logistics.network.models import Store
from logistics.network.tests.factories import make_store
from members.identity.models import Member
from members.identity.tests.factories import client_for
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.confirmation import confirm_paid
from orders.checkout.services.progress import advance
from orders.checkout.tests.making import items, place
from orders.verification.codes import pickup_code
from orders.verification.models import Pickup, StoreAssignment
from orders.verification.services.pickups import open_pickup
from orders.verification.services.verifying import Clerk
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import StaffUser
from shop.staff.tests.making import PASSWORD

VERIFY = "verify_verification"
MANAGER = (VERIFY, "everywhere_verification", "undo_verification")


def make_staff(name: str = "clerk", *permissions: str, stores: tuple[Store, ...] = ()) -> StaffUser:
    staff = StaffUser.objects.create_user(name, password=PASSWORD, is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions or (VERIFY,)))
    StoreAssignment.objects.bulk_create(StoreAssignment(staff=staff, store=store) for store in stores)
    return StaffUser.objects.get(pk=staff.pk)


def clerk_of(*stores: Store, name: str = "clerk", **more: Any) -> Clerk:
    return Clerk(make_staff(name, stores=stores), **more)


def to_be_fetched(member: Member, store: Store, *wanted: tuple[Sku, int]) -> Order:
    """A paid order of these SKUs, on its way to the store."""
    body = {"items": items(*(wanted or ((SkuFactory(price_fen=9900), 1),))), "pickup_store_id": store.pk}
    answer = place(client_for(member), body)
    assert answer.status_code == 201, answer.content
    number = answer.json()["number"]
    with transaction.atomic():
        order = lock_order(number=number)
        confirm_paid(order=order, actor=Actor.gateway("wechat"), now=clock.now())
        advance(order=order, target=OrderStatus.SHIPPED, actor=Actor.system("test"), now=clock.now())
    return order


def arrive(order: Order) -> Pickup:
    with transaction.atomic():
        order = lock_order(number=order.number)
        advance(order=order, target=OrderStatus.DELIVERED, actor=Actor.gateway("courier"), now=clock.now())
        pickup = open_pickup(order=order, now=clock.now())
    assert pickup is not None
    return pickup


def in_store(member: Member, store: Store | None = None, *wanted: tuple[Sku, int]) -> Pickup:
    """The goods of an order of `member` lie in the store."""
    return arrive(to_be_fetched(member, store or make_store(), *wanted))


def code_of(pickup: Pickup) -> str:
    return pickup_code(order_number=pickup.order.number, version=pickup.code_version)
