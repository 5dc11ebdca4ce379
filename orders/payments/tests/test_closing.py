"""Closed at the gateway before anything is released; what was paid meanwhile is served or refunded, never neither."""

import traceback
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order, OrderStatus
from orders.payments.gateways.base import MAX_FAILURES
from orders.payments.models import Payment, PaymentStatus, Refund
from orders.payments.services import closing
from orders.payments.services.closing import close_unpaid_order, expire_unpaid_orders
from orders.payments.services.giving_up import give_up
from orders.payments.services.opening import start_payment
from orders.payments.tests.factories import assert_lawful, make_order, post, start, stock_of
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.models import Alert
from tests.concurrency.racing import run_together


@pytest.fixture
def payer(sandbox, member):
    member.openid = sandbox.user()
    member.save()
    return member


def expired(order):
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_a_member_cancels_and_nobody_can_pay_any_more(sandbox, payer, member_client):
    order = make_order(payer)
    begun = start(member_client, order)
    answer = post(member_client, f"orders/{order.number}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert stock_of(order) == (10, 0)
    payment = Payment.objects.get()
    assert (payment.status, payment.gateway_state) == (PaymentStatus.CLOSED, "CLOSED")
    assert payment.closed_at is not None
    refused = httpx.post(f"{sandbox.url}/wechat/pay", json={"client_params": begun["client_params"]})
    assert refused.json()["code"] == "ORDER_CLOSED"
    again = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert again.json()["code"] == "order_not_payable"
    assert_lawful()


@pytest.mark.django_db
def test_cancelling_twice_releases_once(member, member_client):
    order = make_order(member)
    answers = [post(member_client, f"orders/{order.number}/cancel") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert stock_of(order) == (10, 0)
    assert order.events.filter(status=OrderStatus.CANCELLED).count() == 1


@pytest.mark.django_db
def test_an_order_paid_a_moment_ago_is_served_not_cancelled(sandbox, payer, member_client):
    order = make_order(payer)
    begun = start(member_client, order)
    sandbox.fault("payment_notify", "lose")
    sandbox.pay(begun["client_params"])
    answer = post(member_client, f"orders/{order.number}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_cancellable")
    order.refresh_from_db()
    assert (order.status, order.paid_fen) == (OrderStatus.PAID, 9900)
    assert stock_of(order) == (9, 1)
    assert_lawful()


@pytest.mark.django_db
def test_paid_in_the_moment_of_closing_means_paid(sandbox, payer, member_client):
    order = make_order(payer)
    start(member_client, order)
    sandbox.fault("payment_notify", "lose")
    sandbox.fault("close", "orderpaid")
    expired(order)
    assert expire_unpaid_orders(now=clock.now()) == {"cancelled": 0, "paid": 1, "failed": 0}
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert Payment.objects.get().settles_order
    assert not Refund.objects.exists()
    assert_lawful()


@pytest.mark.django_db
def test_orders_expire_by_the_clock_and_release_their_stock(sandbox, payer, member_client):
    never_begun, begun, alive = (make_order(payer) for _ in range(3))
    start(member_client, begun)
    start(member_client, alive)
    expired(never_begun)
    expired(begun)
    assert expire_unpaid_orders(now=clock.now()) == {"cancelled": 2, "paid": 0, "failed": 0}
    assert [stock_of(order) for order in (never_begun, begun, alive)] == [(10, 0), (10, 0), (9, 1)]
    alive.refresh_from_db()
    assert alive.status == OrderStatus.PENDING_PAYMENT
    begun.refresh_from_db()
    assert begun.events.get(status=OrderStatus.CANCELLED).actor == "system:payments.expire_orders"
    assert expire_unpaid_orders(now=clock.now()) == {"cancelled": 0, "paid": 0, "failed": 0}


@pytest.mark.django_db
def test_while_the_gateway_is_silent_only_what_it_does_not_know_is_released(sandbox, payer, member_client):
    begun = [make_order(payer) for _ in range(MAX_FAILURES + 2)]
    for order in begun:
        start(member_client, order)
        expired(order)
    untouched = make_order(payer)
    expired(untouched)
    sandbox.fault("wechat_pay", "500", times=1000)
    effect = expire_unpaid_orders(now=clock.now())
    assert effect == {"cancelled": 1, "paid": 0, "failed": MAX_FAILURES}
    assert stock_of(untouched) == (10, 0)
    assert {stock_of(order) for order in begun} == {(9, 1)}
    answer = post(member_client, f"orders/{begun[0].number}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_gateway_unavailable")
    sandbox.heal()
    # What failed is put off; those that nobody has come to are closed at once.
    assert expire_unpaid_orders(now=clock.now())["cancelled"] == 2
    assert expire_unpaid_orders(now=clock.now() + timedelta(minutes=5))["cancelled"] == MAX_FAILURES
    assert_lawful()


@pytest.mark.django_db
@pytest.mark.parametrize("is_switched_off", [True, False])
def test_orders_of_a_gateway_out_of_order_hold_up_none_of_another(
    sandbox, payer, member_client, settings, is_switched_off
):
    stuck = [make_order(payer) for _ in range(MAX_FAILURES + 1)]
    for order in stuck:
        start(member_client, order, method="alipay")
        expired(order)
    mine = make_order(payer)
    start(member_client, mine)
    expired(mine)
    if is_switched_off:
        settings.ALIPAY = {**settings.ALIPAY, "app_id": ""}
    else:
        sandbox.fault("alipay", "500", times=1000)
    now = clock.now()
    assert expire_unpaid_orders(now=now) == {"cancelled": 1, "paid": 0, "failed": MAX_FAILURES}
    assert stock_of(mine) == (10, 0)
    # The one that was not come to is next, before those that failed.
    assert expire_unpaid_orders(now=now) == {"cancelled": 0, "paid": 0, "failed": 1}
    assert {stock_of(order) for order in stuck} == {(9, 1)}
    assert Alert.objects.filter(cause="payments.switched_off.alipay").exists() is is_switched_off


@pytest.mark.django_db(transaction=True)
def test_an_order_that_cannot_be_given_up_holds_up_no_other(sandbox, payer, member_client, monkeypatch):
    broken, mine = make_order(payer), make_order(payer)
    broken_at_the_gateway, mine_at_the_gateway = make_order(payer), make_order(payer)
    for order in (broken_at_the_gateway, mine_at_the_gateway):
        start(member_client, order)
    for order in (broken, mine, broken_at_the_gateway, mine_at_the_gateway):
        expired(order)

    def stumble(*, order, **given):
        if order.number in (broken.number, broken_at_the_gateway.number):
            raise KeyError("nobody has thought of this")
        return give_up(order=order, **given)

    monkeypatch.setattr(closing, "give_up", stumble)
    with pytest.raises(ExceptionGroup) as raised:
        expire_unpaid_orders(now=clock.now())
    assert broken.number in "".join(traceback.format_exception(raised.value))
    cancelled = Order.objects.filter(status=OrderStatus.CANCELLED).values_list("number", flat=True)
    assert set(cancelled) == {mine.number, mine_at_the_gateway.number}
    monkeypatch.undo()
    assert expire_unpaid_orders(now=clock.now() + timedelta(minutes=10))["cancelled"] == 2
    assert_lawful()


@pytest.mark.django_db
@pytest.mark.parametrize("state", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED])
def test_only_unpaid_orders_are_cancelled(member, member_client, state):
    order = make_order(member)
    Order.objects.filter(pk=order.pk).update(status=state)
    answer = post(member_client, f"orders/{order.number}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_cancellable")
    assert stock_of(order) == (9, 1)


@pytest.mark.django_db
def test_an_unknown_order_is_not_cancelled(member_client):
    answer = post(member_client, "orders/O0/cancel")
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


@pytest.mark.django_db(transaction=True)
def test_paying_cancelling_and_expiring_at_once_end_in_one_state(gateway):
    """The member starts to pay and pays, cancels, and the clock runs out, all together, for several orders."""
    members = [MemberFactory(openid=gateway.user()) for _ in range(4)]
    orders = [make_order(member) for member in members]

    def pay(order):
        started = start_payment(
            member_id=order.member_id, order_number=order.number, method="wechat", login_code=None, now=clock.now()
        )
        answer = httpx.post(
            f"{gateway.url}/wechat/pay", json={"client_params": started.client_params, "wait": True}, timeout=30
        )
        return "paid" if answer.is_success else answer.json()["code"]

    def cancel(order):
        actor = Actor.member(order.member_id)
        return close_unpaid_order(number=order.number, actor=actor, now=clock.now()).status

    calls = [lambda o=order, act=act: act(o) for order in orders for act in (pay, cancel, cancel)]
    answers = run_together(*calls)
    assert [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, DomainError)] == []
    for order in orders:
        order.refresh_from_db()
        assert order.status in (OrderStatus.PAID, OrderStatus.CANCELLED)
        assert stock_of(order) == ((9, 1) if order.status == OrderStatus.PAID else (10, 0))
        assert not order.payments.filter(status__in=["created", "pending"]).exists()
        assert order.payments.filter(settles_order=True).exists() == (order.status == OrderStatus.PAID)
    assert_lawful()
