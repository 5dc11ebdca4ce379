"""What a member hears of an order, from payment to refund: from the facts to the inbox."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from logistics.network.tests.factories import HANGZHOU, make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped
from logistics.shipments.models import Shipment
from members.notifications.models import Notification
from orders.checkout.facts import OrderPaid
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.after_payment import notify_member
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from orders.payments.facts import RefundSucceeded
from shop.catalog.tests.factories import SkuFactory
from shop.core.outbox import publish

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


@pytest.fixture
def order(member):
    sku = SkuFactory(stock=0, price_fen=4800)
    receive(make_warehouse(HANGZHOU), {sku.pk: 5})
    return ordered(buyer(member), (sku, 2))


def inbox(member):
    """Without the points that came with the order, which are told by their own room."""
    told = Notification.objects.filter(member=member, in_inbox=True).exclude(event="points_came")
    return list(told.order_by("pk").values_list("title", "body"))


def come_true(*facts):
    with transaction.atomic():
        publish(*facts)
    deliver_facts()


def test_payment_is_told_once_with_goods_and_amount(order, member):
    pay(order)
    deliver_facts()
    [(title, body)] = inbox(member)
    name = order.lines.get().product_name
    yuan = f"¥{order.payable_fen // 100}.{order.payable_fen % 100:02d}"
    assert title == "订单支付成功"
    assert body == f"已收到您购买{name}的款项 {yuan}，订单 {order.number} 正在备货。"
    with transaction.atomic():
        notify_member(OrderPaid(number=order.number, member_id=member.pk, payable_fen=order.payable_fen, at=AT))
    assert len(inbox(member)) == 1


def test_each_parcel_is_told_when_it_leaves_and_when_it_arrives(order, member):
    pay(order)
    deliver_facts()
    parcel = Shipment.objects.get(order_number=order.number)
    Shipment.objects.filter(pk=parcel.pk).update(tracking_number="SF1")
    told = {"shipment_number": parcel.number, "order_number": order.number, "at": AT}
    come_true(ShipmentShipped(**told), ShipmentShipped(**told))
    come_true(ShipmentDelivered(**told), ShipmentDelivered(**told))
    titles = [title for title, _body in inbox(member)]
    assert titles == ["订单支付成功", "您的包裹已发出", "您的包裹已送达"]
    assert inbox(member)[2][1].endswith(f"已于 2026-11-21 10:30 送达订单 {order.number} 的包裹 SF1。")


def test_each_refund_is_told_once(order, member):
    told = {"payment_number": "P1", "order_number": order.number, "at": AT}
    come_true(
        *[
            RefundSucceeded(number=number, amount_fen=fen, **told)
            for number, fen in [("R1", 100), ("R2", 250), ("R1", 100)]
        ]
    )
    assert [body for _title, body in inbox(member)] == [
        f"订单 {order.number} 的 ¥1.00 已退回您的付款账户。",
        f"订单 {order.number} 的 ¥2.50 已退回您的付款账户。",
    ]
