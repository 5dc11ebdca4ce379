"""Orders paid, packed and shipped for real, and what the sandbox's WeChat knows of them."""

from datetime import timedelta

from django.conf import settings

from logistics.network.tests.factories import CLERK, GUANGZHOU, HANGZHOU, make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment
from logistics.shipments.services import ship
from members.identity.tests.factories import MemberFactory
from members.identity.wechat import post_with_token
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.models import Payment
from orders.payments.services.asking import refresh_payment
from orders.payments.services.opening import open_payment
from orders.wechat_shipping.models import ShippingUpload
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock, preferences
from shop.core.actors import Actor
from shop.core.models import PreferenceValue
from shop.core.outbound import http_client

WECHAT = Actor.gateway("wechat")


def paid(outside, *skus, names=(), **order):
    """An order of these SKUs, a unit of each, paid by WeChat, allocated and planned."""
    openid = outside.user()
    member = MemberFactory(openid=openid)
    made = ordered(buyer(member), *[(sku, 1) for sku in skus])
    Order.objects.filter(pk=made.pk).update(**order)
    now = clock.now()
    payment = open_payment(order_number=made.number, member_id=member.pk, method="wechat", openid=openid, now=now)
    body = {"openid": openid, "total": payment.amount_fen, "paid_at": now.isoformat()}
    told = http_client().post(
        f"{settings.SANDBOX_URL}/wechat/past-payments", json={"out_trade_no": payment.number, **body}
    )
    assert told.is_success, told.text
    refresh_payment(number=payment.number, actor=WECHAT, now=now)
    deliver_facts()
    return Payment.objects.get(pk=payment.pk)


def send_off(payment, **more):
    """Hand the order's parcels over, one after the other; yields after each."""
    for shipment in Shipment.objects.filter(order_number=payment.order.number).order_by("pk"):
        ship(shipment_number=shipment.number, actor=CLERK, now=clock.now(), **more)
        deliver_facts()
        yield Shipment.objects.get(pk=shipment.pk)


def two_parcels(outside):
    tea, cup = SkuFactory(stock=0), SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {tea.pk: 5})
    receive(make_warehouse(GUANGZHOU), {cup.pk: 5})
    return paid(outside, tea, cup)


def one_parcel(outside, **order):
    sku = SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {sku.pk: 5})
    return paid(outside, sku, **order)


def known(payment):
    """What WeChat says of the payment: 1 waits for shipping, 2 is shipped; and how."""
    answer = post_with_token("/wxa/sec/order/get_order", {"transaction_id": payment.transaction_id})
    assert answer["errcode"] == 0, answer
    return answer["order"]["order_state"], answer["order"].get("shipping")


def upload_of(payment):
    return ShippingUpload.objects.get(pk=payment.pk)


def switch(on):
    PreferenceValue.objects.update_or_create(key="wechat_shipping.on", defaults={"value": on})
    preferences.forget_cached()


def later(minutes=0, **more):
    return clock.now() + timedelta(minutes=minutes, **more)
