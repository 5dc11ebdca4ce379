"""Coupons that an order has earned follow it: given while it is paid, gone when too little of it still is."""

import pytest

from orders.after_sales import services
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import CLERK, ask, money_arrives, settle_payment, stocked
from orders.checkout.models import Order, OrderStatus
from orders.checkout.tests.making import buyer, items, ordered, place
from orders.fulfilment.tests.test_growth import complete, refund
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from promotions.coupons.models import Coupon
from promotions.coupons.services import claim_coupons, confirm_coupons, release_coupons, return_coupons
from promotions.coupons.tests.making import make_live_template
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small():
    return make_live_template(way="purchase", purchase_min_fen=0, name="small")


@pytest.fixture
def dear():
    return make_live_template(way="purchase", purchase_min_fen=105_000, purchase_moment="completion", name="dear")


@pytest.fixture
def order(member, small, dear):
    """Paid and shipped: three times ¥350.50, and freight."""
    order = pay(ordered(buyer(member), (SkuFactory(price_fen=35_050, stock=5), 3)))
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.SHIPPED, freight_fen=900, payable_fen=106_050, paid_fen=106_050
    )
    return order


def held():
    return dict(Coupon.objects.values_list("template__name", "status"))


def told_again():
    told = OutboxEntry.objects.filter(subscriber__contains="coupons")
    assert told.update(status="pending") > 0
    deliver_facts()


def test_a_refund_takes_back_what_too_little_is_paid_for_now(order):
    complete(order)
    assert held() == {"small": "unused", "dear": "unused"}
    refund(order, 1000)
    assert held() == {"small": "unused", "dear": "unused"}
    refund(order, 100)
    assert held() == {"small": "unused", "dear": "void"}
    told_again()
    assert held() == {"small": "unused", "dear": "void"}
    refund(order, 104_950)
    assert held() == {"small": "void", "dear": "void"}
    assert set(Coupon.objects.values_list("voided_by", "void_reason")) == {("system:refunds", "获得此券的订单已退款")}


def test_an_order_refunded_before_its_steps_gives_nothing(order):
    refund(order, 106_050)
    Coupon.objects.all().delete()
    told_again()
    assert held() == {}


@pytest.mark.parametrize("is_used", [False, True])
def test_what_another_order_has_of_it_does_not_come_back(order, member, is_used):
    deliver_facts()
    coupon, now = Coupon.objects.get(), clock.now()
    with unit_of_work():
        claim_coupons(order_number="other", member_id=member.pk, costs_fen={coupon.pk: 2000}, now=now)
        if is_used:
            confirm_coupons(order_number="other", revenue_fen=9000, now=now)
    refund(order, 106_050)
    assert held() == {"small": "used" if is_used else "locked"}
    with unit_of_work():
        if is_used:
            assert return_coupons(order_number="other", coupon_ids=[coupon.pk], now=now) == 1
        else:
            assert release_coupons(order_number="other", now=now) == 1
    coupon.refresh_from_db()
    assert (coupon.status, coupon.returned_from, coupon.order_number) == ("void", "other", "")


def test_goods_that_come_back_take_it_along(member):
    """¥200 are paid; a coupon is for ¥150 and more."""
    make_live_template(way="purchase", purchase_min_fen=15_000, name="gift")
    tea = SkuFactory(price_fen=10_000, stock=0)
    stocked(tea)
    order = Order.objects.get(number=place(buyer(member), {"items": items((tea, 2))}).json()["number"])
    settle_payment(order)
    deliver_facts()
    assert held() == {"gift": "unused"}
    after_sale = ask(order, {0: 1}, kind=Kind.REFUND, reason="damaged")
    services.approve(number=after_sale.number, actor=CLERK, now=clock.now())
    money_arrives(after_sale)
    deliver_facts()
    assert held() == {"gift": "void"}
