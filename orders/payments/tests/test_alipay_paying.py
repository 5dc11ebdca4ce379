"""Paying by Alipay through the shop's doors, changing one's mind between methods, and what may still be paid after."""

from datetime import timedelta
from time import sleep

import httpx
import pytest

from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services.asking import ask_due
from orders.payments.services.closing import expire_unpaid_orders, look_at_closed_payments
from orders.payments.services.refunding import refresh_due_refunds
from orders.payments.tests.factories import assert_lawful, deliver_outbox, make_order, post, start, stock_of
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(sandbox, member):
    member.openid = sandbox.user()
    member.save()
    return member


def test_a_member_without_wechat_pays_by_alipay(sandbox, member, member_client):
    order = make_order(member)
    started = start(member_client, order, method="alipay")
    assert (started["method"], started["status"], started["amount_fen"]) == ("alipay", "pending", 9900)
    assert sorted(started["client_params"]) == ["order_string", "pay_url", "qr_code"]
    assert started["client_params"]["pay_url"].startswith(f"{sandbox.env['ALIPAY_GATEWAY_URL']}?")
    # The sandbox checks both signatures and that they ask for what was announced.
    paid = sandbox.alipay(started["number"], client_params=started["client_params"])
    assert paid["total"] == 9900


def test_asked_again_the_same_payment_is_answered_without_another_call(sandbox, member, member_client):
    order = make_order(member)
    first = start(member_client, order, method="alipay")
    sandbox.fault("alipay", "500")
    again = start(member_client, order, method="alipay")
    assert again["number"] == first["number"]
    assert again["client_params"]["qr_code"] == first["client_params"]["qr_code"]
    assert sandbox.alipay(first["number"], client_params=again["client_params"])["total"] == 9900


@pytest.mark.django_db(transaction=True)
def test_the_whole_way_through_the_gateway(gateway, member, member_client):
    order = make_order(member)
    number = start(member_client, order, method="alipay")["number"]
    paid = gateway.alipay(number, wait=True)
    assert paid["notified"] == {"status": 200, "attempts": 1}
    [delivery] = gateway.deliveries("alipay_notify", number)
    assert delivery["state"] == "delivered"
    payment = Payment.objects.get()
    assert (payment.status, payment.settles_order, payment.transaction_id) == ("succeeded", True, paid["trade_no"])
    order.refresh_from_db()
    assert (order.status, order.paid_fen) == (OrderStatus.PAID, 9900)
    assert_lawful()


def test_a_lost_message_is_made_up_for_by_asking(sandbox, member, member_client):
    order = make_order(member)
    number = start(member_client, order, method="alipay")["number"]
    sandbox.fault("alipay_notify", "lose")
    later = clock.now() + timedelta(seconds=20)
    assert ask_due(now=later) == {"asked": 1, "confirmed": 0, "failed": 0}
    sandbox.alipay(number)
    assert ask_due(now=later + timedelta(minutes=1)) == {"asked": 1, "confirmed": 1, "failed": 0}
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert_lawful()


def test_a_member_who_watches_learns_it_at_once(sandbox, member, member_client):
    started = start(member_client, make_order(member), method="alipay")
    sandbox.fault("alipay_notify", "lose")
    sandbox.alipay(started["number"])
    Payment.objects.update(asked_at=clock.now() - timedelta(seconds=10))
    seen = member_client.get(f"/api/v1/payments/{started['number']}").json()
    assert (seen["status"], seen["client_params"]) == ("succeeded", None)


def test_changing_to_alipay_closes_the_payment_by_wechat(sandbox, payer, member_client):
    order = make_order(payer)
    wechat = start(member_client, order)
    alipay = start(member_client, order, method="alipay")
    assert alipay["number"] != wechat["number"]
    assert Payment.objects.get(number=wechat["number"]).status == PaymentStatus.CLOSED
    refused = httpx.post(f"{sandbox.url}/wechat/pay", json={"client_params": wechat["client_params"]})
    assert refused.json()["code"] == "ORDER_CLOSED"
    sandbox.alipay(alipay["number"])


def test_changing_back_closes_an_opened_trade_for_good(sandbox, payer, member_client):
    order = make_order(payer)
    alipay = start(member_client, order, method="alipay")
    sandbox.alipay_opened(alipay["number"])
    start(member_client, order)
    closed = Payment.objects.get(number=alipay["number"])
    assert (closed.status, closed.gateway_state, closed.query_at) == (PaymentStatus.CLOSED, "CLOSED", None)
    refused = httpx.post(f"{sandbox.url}/alipay/pay", json={"out_trade_no": alipay["number"]})
    assert refused.json()["code"] == "ORDER_CLOSED"


def test_changing_to_another_method_when_the_first_has_paid_keeps_the_first(sandbox, payer, member_client):
    order = make_order(payer)
    number = start(member_client, order, method="alipay")["number"]
    sandbox.fault("alipay_notify", "lose")
    sandbox.alipay(number)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert Payment.objects.get().settles_order
    assert_lawful()


def pay_after_giving_up(sandbox, member_client, order):
    """The trade was never opened, so nothing could be closed at the gateway: the payer pays after all, unheard."""
    number = start(member_client, order, method="alipay")["number"]
    assert post(member_client, f"orders/{order.number}/cancel").json()["status"] == "cancelled"
    assert stock_of(order) == (10, 0)
    sandbox.fault("alipay_notify", "lose", times=5)
    sandbox.alipay(number)
    return Payment.objects.get(number=number)


def test_what_is_paid_after_the_order_was_given_up_is_found_and_goes_back(sandbox, member, member_client):
    order = make_order(member)
    payment = pay_after_giving_up(sandbox, member_client, order)
    # The order expires in 30 minutes, the trade two minutes later; it is looked at a minute after that.
    assert payment.status == PaymentStatus.CLOSED
    assert payment.query_at == order.expires_at + timedelta(minutes=3)
    assert look_at_closed_payments(now=order.expires_at) == {"asked": 0, "paid": 0, "failed": 0}
    afterwards = order.expires_at + timedelta(minutes=3)
    assert look_at_closed_payments(now=afterwards) == {"asked": 1, "paid": 1, "failed": 0}
    payment.refresh_from_db()
    assert (payment.status, payment.settles_order, payment.query_at) == (PaymentStatus.SUCCEEDED, False, None)
    deliver_outbox()
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_fen, refund.status) == ("late", 9900, RefundStatus.SUCCEEDED)
    assert look_at_closed_payments(now=afterwards + timedelta(days=1)) == {"asked": 0, "paid": 0, "failed": 0}
    assert_lawful()


def test_what_was_never_paid_is_left_alone_after_one_look(sandbox, member, member_client):
    order = make_order(member)
    start(member_client, order, method="alipay")
    assert expire_unpaid_orders(now=order.expires_at)["cancelled"] == 1
    afterwards = order.expires_at + timedelta(minutes=3)
    sandbox.fault("alipay", "500")
    assert look_at_closed_payments(now=afterwards) == {"asked": 1, "paid": 0, "failed": 1}
    again = afterwards + timedelta(minutes=5)
    assert look_at_closed_payments(now=again) == {"asked": 1, "paid": 0, "failed": 0}
    assert look_at_closed_payments(now=again + timedelta(days=1)) == {"asked": 0, "paid": 0, "failed": 0}


def test_a_refund_in_doubt_is_asked_about_until_it_is_there(sandbox, member, member_client):
    pay_after_giving_up(sandbox, member_client, order := make_order(member))
    sandbox.fault("alipay_refund", "in_doubt")
    look_at_closed_payments(now=order.expires_at + timedelta(minutes=3))
    deliver_outbox()
    refund = Refund.objects.get()
    assert refund.status == RefundStatus.PROCESSING
    sleep(0.2)
    later = clock.now() + timedelta(hours=1)
    assert refresh_due_refunds(now=later) == {"asked": 1, "succeeded": 1, "failed": 0}
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_word_of_a_refund_lets_the_shop_ask_soon(gateway, member, member_client):
    order = make_order(member)
    number = start(member_client, order, method="alipay")["number"]
    post(member_client, f"orders/{order.number}/cancel")
    gateway.fault("alipay_refund", "in_doubt")
    assert gateway.alipay(number, wait=True)["notified"]["status"] == 200
    deliver_outbox()
    refund = Refund.objects.get()
    assert (refund.reason, refund.status) == ("late", RefundStatus.PROCESSING)
    gateway.delivered("alipay_notify", number, count=2)
    now = clock.now()
    refund.refresh_from_db()
    assert refund.query_at <= now
    assert refresh_due_refunds(now=now)["succeeded"] == 1
    assert_lawful()


@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "hang", "seconds": 3}, {"kind": "500", "after": True}])
def test_a_gateway_out_of_order_is_said_and_the_next_try_uses_the_same_payment(
    sandbox, member, member_client, settings, fault
):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    order = make_order(member)
    sandbox.fault("alipay", **fault)
    path, body = f"orders/{order.number}/payments", {"method": "alipay"}
    refused = post(member_client, path, body, key="retried-1")
    assert (refused.status_code, refused.json()["code"]) == (503, "payment_gateway_unavailable")
    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.CREATED
    sandbox.heal()
    answer = post(member_client, path, body, key="retried-1")
    assert answer.status_code == 201
    assert answer.json()["number"] == payment.number


def test_without_a_merchant_account_the_method_is_unavailable(sandbox, member, member_client, settings):
    settings.ALIPAY = {**settings.ALIPAY, "seller_id": ""}
    order = make_order(member)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "alipay"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_method_unavailable")
    assert not Payment.objects.exists()
