from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.identity.tests.factories import MemberFactory, client_for
from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentStatus
from orders.payments.tests.factories import make_order, post, start, stock_of
from shop.catalog.preferences import SHOP_NAME
from shop.core import clock
from shop.core.preferences import set_preference

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(sandbox, member):
    member.openid = sandbox.user()
    member.save()
    return member


def test_a_payment_is_prepaid_and_its_parameters_are_signed_for_the_payer(sandbox, payer, member_client):
    set_preference(SHOP_NAME, "山水间")
    order = make_order(payer)
    answer = start(member_client, order)
    assert answer["status"] == "pending"
    assert answer["amount_fen"] == 9900
    assert answer["order_number"] == order.number
    assert sorted(answer["client_params"]) == ["nonceStr", "package", "paySign", "signType", "timeStamp"]
    # The sandbox checks paySign with the merchant's public key, as the WeChat client's server does.
    paid = sandbox.pay(answer["client_params"])
    assert paid["out_trade_no"] == answer["number"]
    assert paid["total"] == 9900
    assert paid["description"] == f"山水间 {order.number}"


def test_asked_again_the_same_payment_is_answered_without_another_call(sandbox, payer, member_client):
    order = make_order(payer)
    first = start(member_client, order)
    sandbox.fault("wechat_pay", "500", times=1)
    again = start(member_client, order)
    assert again["number"] == first["number"]
    assert again["client_params"]["package"] == first["client_params"]["package"]
    assert Payment.objects.count() == 1


def test_a_replayed_request_is_answered_alike(payer, member_client):
    order = make_order(payer)
    path, body = f"orders/{order.number}/payments", {"method": "wechat"}
    first = post(member_client, path, body, key="same-key-1")
    again = post(member_client, path, body, key="same-key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert post(member_client, path, {"method": "alipay"}, key="same-key-1").status_code == 422


def test_a_member_known_by_phone_pays_with_a_login_code(sandbox, member, member_client):
    order = make_order(member)
    refused = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wechat_openid_required")
    assert not Payment.objects.exists()
    openid = sandbox.user()
    answer = start(member_client, order, login_code=sandbox.login_code(openid))
    assert Payment.objects.get(number=answer["number"]).payer_openid == openid
    assert sandbox.pay(answer["client_params"])["total"] == 9900


def test_a_used_login_code_is_refused(sandbox, member, member_client):
    order = make_order(member)
    code = sandbox.login_code(sandbox.user())
    start(member_client, order, login_code=code)
    again = post(member_client, f"orders/{order.number}/payments", {"method": "wechat", "login_code": code})
    assert (again.status_code, again.json()["code"]) == (400, "wechat_login_code_invalid")


def test_another_payer_gets_a_payment_of_their_own_and_the_first_one_is_closed(sandbox, payer, member_client):
    order = make_order(payer)
    first = start(member_client, order)
    second = start(member_client, order, login_code=sandbox.login_code(sandbox.user()))
    assert second["number"] != first["number"]
    assert Payment.objects.get(number=first["number"]).status == PaymentStatus.CLOSED
    refused = httpx.post(f"{sandbox.url}/wechat/pay", json={"client_params": first["client_params"]})
    assert refused.json()["code"] == "ORDER_CLOSED"
    assert sandbox.pay(second["client_params"])["total"] == 9900


def test_an_order_that_costs_something_is_not_settled_for_nothing(payer, member_client):
    order = make_order(payer)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "balance_free"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_method_unavailable")
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PAYMENT
    assert not Payment.objects.exists()


def test_an_order_that_costs_nothing_is_paid_at_once_and_once(member, member_client):
    order = make_order(member, payable_fen=0)
    body = {"method": "balance_free"}
    first = post(member_client, f"orders/{order.number}/payments", body)
    again = post(member_client, f"orders/{order.number}/payments", body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["number"] == again.json()["number"]
    assert first.json()["status"] == "succeeded"
    assert first.json()["client_params"] is None
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert order.events.filter(status=OrderStatus.PAID).count() == 1
    assert Payment.objects.get().settles_order


def test_an_order_that_costs_nothing_is_not_sent_to_the_gateway(payer, member_client):
    order = make_order(payer, payable_fen=0)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert answer.json()["code"] == "payment_method_unavailable"


@pytest.mark.parametrize(
    ("state", "code"),
    [(OrderStatus.PAID, "order_not_payable"), (OrderStatus.CANCELLED, "order_not_payable"), (None, "order_expired")],
)
def test_an_order_that_does_not_wait_for_payment_is_refused(payer, member_client, state, code):
    order = make_order(payer)
    if state is None:
        order.expires_at = clock.now() - timedelta(seconds=1)
    else:
        order.status = state
    order.save()
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Payment.objects.exists()


@pytest.mark.parametrize("body", [{}, {"method": "cash"}, {"method": 1}, {"method": "wechat", "amount_fen": 1}, []])
def test_bad_bodies_are_refused(payer, member_client, body):
    order = make_order(payer)
    assert post(member_client, f"orders/{order.number}/payments", body).status_code == 400
    assert not Payment.objects.exists()


def test_orders_and_payments_of_others_do_not_exist(payer, member_client):
    order = make_order(payer)
    number = start(member_client, order)["number"]
    other = client_for(MemberFactory(openid="oSomebodyElse"))
    assert post(other, f"orders/{order.number}/payments", {"method": "wechat"}).status_code == 404
    assert post(other, f"orders/{order.number}/cancel").status_code == 404
    assert other.get(f"/api/v1/payments/{number}").status_code == 404
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PAYMENT
    assert member_client.get(f"/api/v1/payments/{number}").json()["status"] == "pending"


def test_nobody_pays_or_looks_without_signing_in(api, member):
    order = make_order(member)
    assert post(api, f"orders/{order.number}/payments", {"method": "wechat"}).status_code == 401
    assert post(api, f"orders/{order.number}/cancel").status_code == 401
    assert api.get("/api/v1/payments/P1").status_code == 401


@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "hang", "seconds": 3}, {"kind": "500", "after": True}])
def test_a_gateway_out_of_order_is_said_and_the_next_try_uses_the_same_payment(
    sandbox, payer, member_client, settings, fault
):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    order = make_order(payer)
    sandbox.fault("wechat_pay", **fault)
    path, body = f"orders/{order.number}/payments", {"method": "wechat"}
    refused = post(member_client, path, body, key="retried-1")
    assert (refused.status_code, refused.json()["code"]) == (503, "payment_gateway_unavailable")
    assert "Retry-After" in refused
    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.CREATED
    assert stock_of(order) == (9, 1)
    sandbox.heal()
    answer = post(member_client, path, body, key="retried-1")
    assert answer.status_code == 201
    assert answer.json()["number"] == payment.number


def test_the_gateway_is_never_called_inside_a_transaction(sandbox, payer, member_client, monkeypatch):
    order = make_order(payer)
    inside = []
    send = httpx.Client.request

    def watched(self, *args, **kwargs):
        # The test's own transaction is the only one open.
        inside.append(len(connection.savepoint_ids))
        return send(self, *args, **kwargs)

    outside = len(connection.savepoint_ids)
    monkeypatch.setattr(httpx.Client, "request", watched)
    start(member_client, order)
    assert inside == [outside]


def test_starting_costs_few_statements(sandbox, payer, member_client):
    order = make_order(payer)
    with CaptureQueriesContext(connection) as queries:
        start(member_client, order)
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 10, "\n".join(statements)


def test_without_a_merchant_account_the_method_is_unavailable(payer, member_client, settings):
    settings.WECHATPAY = {**settings.WECHATPAY, "mch_id": ""}
    order = make_order(payer)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_method_unavailable")
