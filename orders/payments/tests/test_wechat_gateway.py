"""The gateway's interface against the sandbox process, and against one that does not speak the protocol."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic

import httpx
import pytest

from orders.payments.errors import PaymentGatewayUnavailable, PaymentMethodUnavailable, PaymentRefused
from orders.payments.gateways.base import CloseResult, PrepayRequest, TradeState
from orders.payments.gateways.registry import gateway_for
from shop.core import clock
from shop.core.numbers import new_number


@pytest.fixture
def gateway(sandbox):
    return gateway_for("wechat")


def request_for(openid, **changes):
    now = clock.now()
    parts = {
        "number": new_number("P", now),
        "description": "灯笼 西湖龙井",
        "amount_fen": 9900,
        "openid": openid,
        "expires_at": now + timedelta(minutes=30),
        "notify_url": "http://127.0.0.1:9/notify",
        **changes,
    }
    return PrepayRequest(**parts)


def test_a_transaction_from_prepay_to_paid(sandbox, gateway):
    request = request_for(sandbox.user())
    assert gateway.query(number=request.number).state == TradeState.UNKNOWN
    prepaid = gateway.prepay(request, now=clock.now())
    assert gateway.prepay(request, now=clock.now()).prepay_id == prepaid.prepay_id
    assert gateway.query(number=request.number).state == TradeState.UNPAID
    paid = sandbox.pay(gateway.client_params(request, prepay_id=prepaid.prepay_id, now=clock.now()))
    seen = gateway.query(number=request.number)
    assert (seen.state, seen.amount_fen, seen.currency) == (TradeState.PAID, 9900, "CNY")
    assert seen.transaction_id == paid["transaction_id"]
    assert seen.paid_at is not None
    assert gateway.close(number=request.number) == CloseResult.PAID


def test_closing_what_is_unpaid_unknown_or_closed(sandbox, gateway):
    request = request_for(sandbox.user())
    assert gateway.close(number=request.number) == CloseResult.CLOSED
    gateway.prepay(request, now=clock.now())
    assert [gateway.close(number=request.number) for _ in range(2)] == [CloseResult.CLOSED] * 2
    assert gateway.query(number=request.number).state == TradeState.CLOSED
    assert gateway.prepay(request, now=clock.now()) is None


def test_a_refusal_carries_the_gateways_code(gateway):
    with pytest.raises(PaymentRefused) as refused:
        gateway.prepay(request_for("oNobodyKnowsThisUser"), now=clock.now())
    assert refused.value.data["gateway_code"] == "PARAM_ERROR"


def test_an_unknown_refund_is_none(gateway):
    assert gateway.query_refund(number="R-never-sent", payment_number="P1") is None


@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "hang", "seconds": 5}])
def test_a_gateway_out_of_order_is_unavailable_within_the_time_limit(sandbox, settings, fault):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    gateway = gateway_for("wechat")
    sandbox.fault("wechat_pay", **fault)
    begun = monotonic()
    with pytest.raises(PaymentGatewayUnavailable):
        gateway.query(number="P1")
    assert monotonic() - begun < 3


def test_connections_are_kept(sandbox, gateway, monkeypatch):
    request = request_for(sandbox.user())
    gateway.prepay(request, now=clock.now())
    opened = []
    connect = httpx.HTTPTransport.handle_request

    def watched(self, outgoing):
        opened.append(len(self._pool.connections))
        return connect(self, outgoing)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", watched)
    for _ in range(5):
        gateway.query(number=request.number)
    assert set(opened) == {opened[0]}
    assert opened[0] >= 1


@pytest.fixture
def impostor(sandbox, settings) -> Iterator[list[bytes]]:
    """Something at the gateway's address that answers what it is told, unsigned."""
    answers: list[bytes] = []

    class Impostor(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Wechatpay-Serial", settings.WECHATPAY["public_key_id"])
            self.send_header("Wechatpay-Signature", "AAAA")
            self.end_headers()
            self.wfile.write(answers[0])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.WECHATPAY = {**settings.WECHATPAY, "gateway_url": f"http://127.0.0.1:{server.server_port}"}
    yield answers
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("answer", [b'{"trade_state": "SUCCESS"}', b"<html>", b"[]", b"\xff"])
def test_an_unsigned_answer_is_not_believed(impostor, answer):
    impostor.append(answer)
    with pytest.raises(PaymentGatewayUnavailable):
        gateway_for("wechat").query(number="P1")


def test_a_method_without_a_gateway_is_unavailable(settings):
    settings.ALIPAY = {**settings.ALIPAY, "seller_id": ""}
    with pytest.raises(PaymentMethodUnavailable):
        gateway_for("alipay")
    settings.WECHATPAY = {**settings.WECHATPAY, "api_v3_key": ""}
    with pytest.raises(PaymentMethodUnavailable):
        gateway_for("wechat")
