"""An order's time is over when its time is over, whenever the sweep that gives it up comes by, and however often."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order, OrderEvent, OrderStatus
from orders.payments.models import Payment
from orders.payments.services import closing
from orders.payments.services.closing import expire_unpaid_orders
from orders.payments.tests.factories import assert_lawful, make_order, post, start, stock_of
from shop.catalog.models import SkuStock, StockReservation
from shop.core import clock
from tests.concurrency.racing import run_together

LATE = timedelta(hours=6)
SWEEPS = 4


@pytest.fixture
def payer(sandbox, member):
    member.openid = sandbox.user()
    member.save()
    return member


def closings(*orders):
    return OrderEvent.objects.filter(order__in=orders, status=OrderStatus.CANCELLED).count()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payable_fen", "method", "begun"),
    [(9900, "wechat", False), (9900, "alipay", False), (9900, "wechat", True), (0, "balance_free", False)],
)
def test_nothing_is_opened_or_settled_past_the_time_though_no_sweep_came(
    payer, member_client, payable_fen, method, begun
):
    order = make_order(payer, payable_fen=payable_fen)
    if begun:
        start(member_client, order)
    now = clock.now()
    Order.objects.filter(pk=order.pk).update(expires_at=now)
    StockReservation.objects.filter(reference=order.number).update(expires_at=now)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": method})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_expired")
    order.refresh_from_db()
    assert (order.status, order.paid_fen, stock_of(order)) == (OrderStatus.PENDING_PAYMENT, 0, (9, 1))
    assert Payment.objects.count() == begun
    assert_lawful()


@pytest.mark.django_db
def test_a_sweep_that_comes_hours_late_closes_each_order_once(payer, member_client):
    plain, begun = make_order(payer), make_order(payer)
    start(member_client, begun)
    late = clock.now() + LATE
    assert expire_unpaid_orders(now=late) == {"cancelled": 2, "paid": 0, "failed": 0}
    assert [stock_of(order) for order in (plain, begun)] == [(10, 0), (10, 0)]
    assert set(Order.objects.values_list("status", "closed_at")) == {(OrderStatus.CANCELLED, late)}
    assert expire_unpaid_orders(now=late + LATE) == {"cancelled": 0, "paid": 0, "failed": 0}
    assert closings(plain, begun) == 2
    assert not Order.objects.exclude(closed_at=late).exists()
    assert_lawful()


def sweeps_at_once(count=4):
    orders = [make_order(MemberFactory()) for _ in range(count)]
    late = clock.now() + LATE
    answers = run_together(*[lambda: expire_unpaid_orders(now=late) for _ in range(SWEEPS)])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert {order.status for order in Order.objects.all()} == {OrderStatus.CANCELLED}
    return orders


@pytest.mark.django_db(transaction=True)
def test_sweeps_that_run_at_once_close_each_order_once():
    orders = sweeps_at_once()
    assert closings(*orders) == len(orders)
    assert SkuStock.objects.aggregate(left=Sum("available"), held=Sum("reserved")) == {"left": 40, "held": 0}
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_same_sweeps_close_an_order_more_than_once(monkeypatch):
    def look(*, number, member_id=None):
        return Order.objects.get(number=number)

    monkeypatch.setattr(closing, "lock_order", look)
    orders = sweeps_at_once()
    assert closings(*orders) > len(orders)
