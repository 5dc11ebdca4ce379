"""When no notification comes, the gateway is asked: by the watching member, by the job, by staff."""

from datetime import timedelta

import httpx
import pytest

from orders.checkout.models import OrderStatus
from orders.payments.gateways.base import MAX_FAILURES
from orders.payments.models import Payment, PaymentStatus
from orders.payments.services.asking import ask_due
from orders.payments.tests.factories import assert_lawful, make_order, start
from shop.core import clock
from shop.core.models import Alert
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(sandbox, member, member_client):
    """Begun; callbacks are lost."""
    member.openid = sandbox.user()
    member.save()
    sandbox.fault("payment_notify", "lose", times=100)
    begun = start(member_client, make_order(member))
    payment = Payment.objects.get(number=begun["number"])
    payment.client_params = begun["client_params"]
    return payment


@pytest.fixture
def calls(monkeypatch):
    """Calls to the gateway from now on."""
    made, send = [], httpx.Client.request

    def counted(self, method, url, **parts):
        if "/v3/" in str(url):
            made.append((method, str(url)))
        return send(self, method, url, **parts)

    monkeypatch.setattr(httpx.Client, "request", counted)
    return made


def later(seconds):
    return clock.fixed(clock.now() + timedelta(seconds=seconds))


def seen_by(client, payment):
    return client.get(f"/api/v1/payments/{payment.number}").json()["status"]


def test_the_watching_member_sees_a_payment_whose_callback_was_lost(sandbox, payment, member_client):
    sandbox.pay(payment.client_params)
    assert seen_by(member_client, payment) == "pending"
    with later(4):
        assert seen_by(member_client, payment) == "succeeded"
    order = payment.order
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert_lawful()


def test_watching_asks_the_gateway_every_few_seconds_at_most(payment, member_client, calls):
    with later(4):
        assert [seen_by(member_client, payment) for _ in range(5)] == ["pending"] * 5
    assert len(calls) == 1
    with later(8):
        seen_by(member_client, payment)
    assert len(calls) == 2


def test_watching_goes_on_while_the_gateway_is_out_of_order(sandbox, payment, member_client):
    sandbox.fault("wechat_pay", "500", times=10)
    with later(4):
        assert seen_by(member_client, payment) == "pending"
    sandbox.heal()
    sandbox.fault("payment_notify", "lose")
    sandbox.pay(payment.client_params)
    with later(8):
        assert seen_by(member_client, payment) == "succeeded"


def test_a_finished_payment_asks_nobody(sandbox, payment, member_client, calls):
    sandbox.pay(payment.client_params)
    with later(4):
        seen_by(member_client, payment)
    with later(60):
        assert seen_by(member_client, payment) == "succeeded"
    assert len(calls) == 1


def test_the_job_confirms_what_nobody_watches(sandbox, payment):
    sandbox.pay(payment.client_params)
    now = clock.now()
    assert ask_due(now=now)["asked"] == 0
    assert ask_due(now=now + timedelta(seconds=20)) == {"asked": 1, "confirmed": 1, "failed": 0}
    assert ask_due(now=now + timedelta(hours=1))["asked"] == 0
    assert_lawful()


def test_the_job_asks_less_and_less_often(payment, calls):
    begun = clock.now()
    for second in range(0, 600, 5):
        ask_due(now=begun + timedelta(seconds=second))
    # At 15, 30, 45, 70, 105, 160, 240, 360 and 540 seconds: every half of its age, on the next tick of five seconds.
    assert 8 <= len(calls) <= 10


def test_a_gateway_out_of_order_is_asked_again_later(sandbox, payment):
    sandbox.fault("wechat_pay", "500")
    now = clock.now() + timedelta(seconds=20)
    assert ask_due(now=now) == {"asked": 1, "confirmed": 0, "failed": 1}
    payment.refresh_from_db()
    assert (payment.status, payment.gateway_note) == (PaymentStatus.PENDING, "payment_gateway_unavailable")
    assert payment.query_at > now
    sandbox.pay(payment.client_params)
    assert ask_due(now=now + timedelta(minutes=5))["confirmed"] == 1
    payment.refresh_from_db()
    assert payment.gateway_note == ""


def test_a_method_switched_off_holds_up_no_other(sandbox, payment, member, member_client, settings):
    known_by_alipay = settings.ALIPAY["app_id"]
    stuck = [start(member_client, make_order(member), method="alipay")["number"] for _ in range(MAX_FAILURES + 1)]
    Payment.objects.filter(number__in=stuck).update(query_at=clock.now())
    sandbox.pay(payment.client_params)
    settings.ALIPAY = {**settings.ALIPAY, "app_id": ""}
    now = clock.now() + timedelta(seconds=20)
    assert ask_due(now=now) == {"asked": MAX_FAILURES + 1, "confirmed": 1, "failed": MAX_FAILURES}
    put_off = Payment.objects.filter(gateway_note="payment_method_unavailable", query_at__gt=now)
    assert put_off.count() == MAX_FAILURES
    alert = Alert.objects.get(cause="payments.switched_off.alipay")
    assert (alert.permission, str(alert.data["method"])) == ("payments.view_payment", "支付宝")
    # Asked by its member it answers as it is.
    with clock.fixed(now + timedelta(minutes=1)):
        answer = member_client.get(f"/api/v1/payments/{stuck[0]}")
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    settings.ALIPAY = {**settings.ALIPAY, "app_id": known_by_alipay}
    assert ask_due(now=now + timedelta(minutes=10))["failed"] == 0
    assert not Alert.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_watchers_at_once_ask_once(payment, member_client, calls):
    moment = clock.now() + timedelta(seconds=4)

    def watch():
        with clock.fixed(moment):
            return seen_by(member_client, payment)

    assert run_together(*[watch] * 8) == ["pending"] * 8
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", [{"kind": "duplicate", "copies": 20}, {"kind": "delay", "seconds": 0.3}])
def test_callbacks_that_come_often_or_late_pay_once(gateway, member, member_client, fault):
    member.openid = gateway.user()
    member.save()
    order = make_order(member)
    begun = start(member_client, order)
    gateway.fault("payment_notify", **fault)
    paid = gateway.pay(begun["client_params"], wait=True)
    assert paid["notified"]["status"] == 204
    with later(4):
        assert seen_by(member_client, Payment.objects.get()) == "succeeded"
    assert order.events.filter(status=OrderStatus.PAID).count() == 1
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_probes_change_nothing(gateway, member, member_client):
    member.openid = gateway.user()
    member.save()
    order = make_order(member)
    begun = start(member_client, order)
    assert gateway.probe(begun["number"])["notified"]["status"] == 401
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PAYMENT
