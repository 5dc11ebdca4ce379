"""Members of the demo shop who buy at other moments than now, through the services that the shop itself runs on.

`Shop.run` calls these in a process of its own, on the servers of the demo shop.
"""

from datetime import datetime
from typing import Any

from django.conf import settings

from logistics.network.models import Store
from members.identity.tests.factories import AddressFactory, MemberFactory
from members.tiers.models import GrowthEntry
from members.tiers.services import earn_growth
from orders.checkout.locks import lock_order
from orders.checkout.models import OrderStatus
from orders.checkout.offers import Item, Wish, make_offer
from orders.checkout.services.confirmation import confirm_paid
from orders.checkout.services.placing import place_order
from orders.checkout.services.progress import advance
from orders.payments.models import PaymentMethod
from orders.payments.services.asking import refresh_payment
from orders.payments.services.opening import open_payment
from orders.verification.codes import pickup_code
from orders.verification.services.pickups import open_pickup
from shop.catalog.models import Product, Sku
from shop.core import clock
from shop.core.actors import Actor
from shop.core.outbound import http_client
from shop.core.transactions import unit_of_work

GOLD = 6_000
PHONE = "13900001234"


def gold_member(*, since: str) -> dict[str, Any]:
    """Somebody who can pay and has been gold since then, and a SKU of which two cost less than ¥500 and five more."""
    moment = datetime.fromisoformat(since)
    known = http_client().post(f"{settings.SANDBOX_URL}/wechat/login-codes", json={"phone": PHONE}).json()
    member = MemberFactory.create(
        openid=known["openid"], phone=f"+86{PHONE}", nickname="周末常客", invite_code="WEEKEND001", joined_at=moment
    )
    AddressFactory.create(member=member, phone=member.phone)
    with clock.fixed(moment), unit_of_work():
        earn_growth(
            reference=f"browser:{member.pk}",
            member_id=member.pk,
            growth=GOLD,
            kind=GrowthEntry.Kind.MANUAL,
            earned_at=moment,
            now=moment,
        )
    goods = Sku.objects.filter(is_active=True, product__on_shelf=True, product__kind=Product.Kind.GOODS)
    free = goods.filter(product__limit_per_order=None, product__limit_per_member=None, stock__available__gte=20)
    chosen = free.filter(price_fen__range=(12_600, 24_000)).select_related("product__category").order_by("pk")[0]
    return {
        "member": member.pk,
        "sku": chosen.pk,
        "code": chosen.code,
        "category": chosen.product.category.name,
    }


def price(*, member: int, sku: int, units: int, at: str) -> int:
    """What the goods cost the member at that moment, in fen."""
    moment = datetime.fromisoformat(at)
    with clock.fixed(moment):
        return make_offer(wish=Wish(member_id=member, items=(Item(sku, units),)), now=moment).quote.lines[0].payable_fen


def leave_in_store(*, member: int) -> dict[str, str]:
    """The member buys something, and its parcel comes to the first store: the order's number and its pickup code."""
    now, store = clock.now(), Store.objects.order_by("pk")[0]
    goods = Sku.objects.filter(is_active=True, product__on_shelf=True, product__kind=Product.Kind.GOODS)
    chosen = goods.filter(product__limit_per_order=None, stock__available__gte=5).order_by("pk")[0]
    wish = Wish(member_id=member, items=(Item(chosen.pk, 2),), pickup_store_id=store.pk)
    order, _lines = place_order(wish=wish, expected_payable_fen=None, remark="请帮忙装袋", now=now)
    with unit_of_work():
        order = lock_order(number=order.number)
        confirm_paid(order=order, actor=Actor.system("browser"), now=now)
        advance(order=order, target=OrderStatus.DELIVERED, actor=Actor.system("browser"), now=now)
        pickup = open_pickup(order=order, now=now)
    assert pickup is not None
    return {"number": order.number, "code": pickup_code(order_number=order.number, version=pickup.code_version)}


def buy(*, member: int, sku: int, units: int, at: str) -> str:
    """Place an order at that moment and pay it; returns its number."""
    moment = datetime.fromisoformat(at)
    with clock.fixed(moment):
        wish = Wish(member_id=member, items=(Item(sku, units),))
        order, _lines = place_order(wish=wish, expected_payable_fen=None, remark="", now=moment)
        openid = order.member.openid or ""
        payment = open_payment(
            order_number=order.number, member_id=member, method=PaymentMethod.WECHAT, openid=openid, now=moment
        )
        told = {"out_trade_no": payment.number, "openid": openid, "total": payment.amount_fen}
        body = {**told, "paid_at": moment.isoformat()}
        http_client().post(f"{settings.SANDBOX_URL}/wechat/past-payments", json=body).raise_for_status()
        refresh_payment(number=payment.number, actor=Actor.gateway(PaymentMethod.WECHAT), now=moment)
    return order.number
