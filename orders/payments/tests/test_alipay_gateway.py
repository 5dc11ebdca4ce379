"""Alipay behind the interface, against the sandbox process and against one that does not speak the protocol."""

from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep

import httpx
import pytest

from orders.payments.errors import PaymentGatewayUnavailable, PaymentRefused
from orders.payments.gateways.base import CloseResult, GatewayRefundState, PrepayRequest, RefundRequest, TradeState
from orders.payments.gateways.bills import BillKind
from orders.payments.gateways.registry import gateway_for
from shop.core import clock
from shop.core.numbers import new_number


@pytest.fixture
def gateway(sandbox):
    return gateway_for("alipay")


def request_for(**changes):
    now = clock.now()
    parts = {
        "number": new_number("P", now),
        "description": "灯笼 西湖龙井, 明前",
        "amount_fen": 9900,
        "openid": "",
        "expires_at": now + timedelta(minutes=30),
        "notify_url": "http://127.0.0.1:9/notify",
        "return_url": "https://mall.example.com/",
        **changes,
    }
    return PrepayRequest(**parts)


@pytest.fixture
def paid(sandbox, gateway):
    def pay(amount_fen=9900, **more):
        request = request_for(amount_fen=amount_fen)
        gateway.prepay(request, now=clock.now())
        sandbox.alipay(request.number, **more)
        return request.number

    return pay


def refund_of(number, amount_fen, *, total=9900, refund_number=None):
    refund_number = refund_number or new_number("R", clock.now())
    return RefundRequest(refund_number, number, amount_fen, total, "重复支付", "")


def test_a_trade_from_announced_to_paid(sandbox, gateway):
    request = request_for()
    prepaid = gateway.prepay(request, now=clock.now())
    assert prepaid.prepay_id.startswith("https://qr.alipay.com/")
    assert gateway.prepay(request, now=clock.now()).prepay_id == prepaid.prepay_id
    # Nobody has opened it, so it does not exist yet.
    assert gateway.query(number=request.number).state == TradeState.UNKNOWN
    sandbox.alipay_opened(request.number)
    assert gateway.query(number=request.number).state == TradeState.UNPAID
    # The sandbox checks what is signed for page and app against what was announced.
    params = gateway.client_params(request, prepay_id=prepaid.prepay_id, now=clock.now())
    paid = sandbox.alipay(request.number, client_params=params)
    seen = gateway.query(number=request.number)
    assert (seen.state, seen.amount_fen, seen.currency) == (TradeState.PAID, 9900, "CNY")
    assert seen.transaction_id == paid["trade_no"]
    assert abs(seen.paid_at - clock.now()) < timedelta(seconds=30)
    assert gateway.close(number=request.number) == CloseResult.PAID
    assert gateway.prepay(request, now=clock.now()) is None


@pytest.mark.parametrize("name", ["qr_code", "pay_url", "order_string"])
def test_what_the_payer_gets_is_signed_for_this_payment(sandbox, gateway, name):
    params = []
    for request in (request_for(), request_for(amount_fen=1)):
        prepaid = gateway.prepay(request, now=clock.now())
        params.append(gateway.client_params(request, prepay_id=prepaid.prepay_id, now=clock.now()))
    mixed = params[0] | {name: params[1][name]}
    refused = httpx.post(
        f"{sandbox.url}/alipay/pay", json={"out_trade_no": request.number, "client_params": params[1] | mixed}
    )
    assert refused.json()["code"] == "INVALID_PAY_PARAMS"


def test_what_was_not_opened_cannot_be_closed_and_can_still_be_paid(sandbox, gateway):
    request = request_for()
    assert gateway.close(number=request.number) == CloseResult.UNKNOWN
    gateway.prepay(request, now=clock.now())
    assert gateway.close(number=request.number) == CloseResult.UNKNOWN
    sandbox.alipay(request.number)
    assert gateway.close(number=request.number) == CloseResult.PAID


def test_an_opened_trade_is_closed_for_good(sandbox, gateway):
    request = request_for()
    gateway.prepay(request, now=clock.now())
    sandbox.alipay_opened(request.number)
    assert [gateway.close(number=request.number) for _ in range(2)] == [CloseResult.CLOSED] * 2
    assert gateway.query(number=request.number).state == TradeState.CLOSED
    assert gateway.prepay(request, now=clock.now()) is None
    refused = httpx.post(f"{sandbox.url}/alipay/pay", json={"out_trade_no": request.number})
    assert refused.json()["code"] == "ORDER_CLOSED"


def test_an_opened_trade_closes_by_itself_when_its_time_is_over(sandbox, gateway):
    request = request_for(expires_at=clock.now() + timedelta(seconds=2))
    gateway.prepay(request, now=clock.now())
    sandbox.alipay_opened(request.number)
    sleep(2)
    assert gateway.query(number=request.number).state == TradeState.CLOSED
    assert gateway.close(number=request.number) == CloseResult.CLOSED


def test_other_terms_under_the_same_number_are_refused(gateway):
    request = request_for()
    gateway.prepay(request, now=clock.now())
    with pytest.raises(PaymentRefused) as refused:
        gateway.prepay(request_for(number=request.number, amount_fen=9901), now=clock.now())
    assert refused.value.data["gateway_code"] == "ACQ.CONTEXT_INCONSISTENT"


def test_refunds_are_known_by_their_number_and_each_moves_money_once(gateway, paid):
    number = paid()
    first, second = refund_of(number, 3300), refund_of(number, 6600)
    assert gateway.query_refund(number=first.number, payment_number=number) is None
    for _ in range(2):
        told = gateway.refund(first)
        assert (told.state, told.amount_fen, told.payment_amount_fen) == (GatewayRefundState.SUCCEEDED, 3300, 9900)
    assert gateway.query(number=number).state == TradeState.PAID
    assert gateway.refund(second).amount_fen == 6600
    # Closed now, yet not for want of payment.
    assert gateway.query(number=number).state == TradeState.REFUNDED
    assert gateway.close(number=number) == CloseResult.PAID
    with pytest.raises(PaymentRefused) as refused:
        gateway.refund(refund_of(number, 1))
    assert refused.value.data["gateway_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    with pytest.raises(PaymentRefused) as refused:
        gateway.refund(refund_of(number, 3301, refund_number=first.number))
    assert refused.value.data["gateway_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"


def test_a_refund_in_doubt_is_processing_until_the_gateway_knows_it(sandbox, gateway, paid):
    number = paid()
    sandbox.fault("alipay_refund", "in_doubt")
    request = refund_of(number, 100)
    assert gateway.refund(request).state == GatewayRefundState.PROCESSING
    sleep(0.2)
    assert gateway.query_refund(number=request.number, payment_number=number).state == GatewayRefundState.SUCCEEDED
    assert gateway.refund(request).state == GatewayRefundState.SUCCEEDED


def test_refunds_of_what_was_not_paid_are_refused(gateway):
    with pytest.raises(PaymentRefused) as refused:
        gateway.refund(refund_of("P-unknown", 1))
    assert refused.value.data["gateway_code"] == "ACQ.TRADE_NOT_EXIST"


FAULTS = [{"kind": "500"}, {"kind": "hang", "seconds": 5}]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gateway_out_of_order_is_unavailable_within_the_time_limit(sandbox, settings, fault):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    gateway = gateway_for("alipay")
    sandbox.fault("alipay", **fault)
    begun = monotonic()
    with pytest.raises(PaymentGatewayUnavailable):
        gateway.query(number="P1")
    assert monotonic() - begun < 3


def test_a_bill_tells_payments_and_refunds(sandbox, gateway, paid):
    number, day = paid(5000, success_time="2026-03-05T23:59:59+08:00"), date(2026, 3, 5)
    refund = refund_of(number, 1250, total=5000)
    gateway.refund(refund)
    with gateway.download_bill(day=day) as bill:
        [payment] = [line for line in bill.lines() if line.number == number]
    assert (payment.kind, payment.amount_fen, payment.fee_fen) == (BillKind.PAYMENT, 5000, 30)
    assert payment.at.isoformat() == "2026-03-05T23:59:59+08:00"
    with gateway.download_bill(day=clock.business_day(clock.now())) as bill:
        [back] = [line for line in bill.lines() if line.number == number]
    assert (back.kind, back.refund_number, back.amount_fen) == (BillKind.REFUND, refund.number, 1250)
    assert (back.fee_fen, back.transaction_id) == (-8, payment.transaction_id)
    with gateway.download_bill(day=date(2020, 1, 1)) as bill:
        assert list(bill.lines()) == []


@pytest.mark.parametrize(
    ("kind", "amounts"), [("difference", [501, 700]), ("missing", [700]), ("extra", [500, 700, 500])]
)
def test_a_bill_may_differ(sandbox, gateway, paid, kind, amounts):
    day = {"difference": "2026-04-01", "missing": "2026-04-02", "extra": "2026-04-03"}[kind]
    for amount in (500, 700):
        paid(amount, success_time=f"{day}T12:00:0{amount // 100 - 5}+08:00")
    sandbox.fault("alipay_bill", kind)
    with gateway.download_bill(day=date.fromisoformat(day)) as bill:
        assert sorted(line.amount_fen for line in bill.lines()) == sorted(amounts)


@pytest.fixture
def impostor(sandbox, settings) -> Iterator[list[bytes]]:
    """Something at the gateway's address that answers what it is told."""
    answers: list[bytes] = []

    class Impostor(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[0])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.ALIPAY = {**settings.ALIPAY, "gateway_url": f"http://127.0.0.1:{server.server_port}/gateway.do"}
    yield answers
    server.shutdown()
    server.server_close()


PAID = (
    b'{"alipay_trade_query_response":{"code":"10000","out_trade_no":"P1","trade_no":"1","trade_status":"TRADE_SUCCESS",'
    b'"total_amount":"99.00"}'
)


@pytest.mark.parametrize(
    "answer",
    [
        PAID + b"}",
        PAID + b',"sign":""}',
        PAID + b',"sign":"AAAA"}',
        PAID + b',"sign":7}',
        b'{"sign":"AAAA"}',
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b"",
    ],
)
def test_an_answer_that_is_not_signed_by_the_gateway_is_not_believed(impostor, answer):
    impostor.append(answer)
    with pytest.raises(PaymentGatewayUnavailable):
        gateway_for("alipay").query(number="P1")


def test_an_answer_about_another_payment_is_not_believed(sandbox, impostor, paid, settings):
    real = {**settings.ALIPAY, "gateway_url": sandbox.env["ALIPAY_GATEWAY_URL"]}
    fake = settings.ALIPAY
    settings.ALIPAY = real
    request = request_for()
    gateway = gateway_for("alipay")
    gateway.prepay(request, now=clock.now())
    sandbox.alipay(request.number)
    body = gateway._client.sign_data(gateway._client.build_body("alipay.trade.query", {"out_trade_no": request.number}))
    genuine = httpx.post(real["gateway_url"], content=body).content
    impostor.append(genuine)
    settings.ALIPAY = fake
    assert gateway_for("alipay").query(number=request.number).state == TradeState.PAID
    with pytest.raises(PaymentGatewayUnavailable):
        gateway_for("alipay").query(number="P-another")
