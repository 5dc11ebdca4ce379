"""R5 for Alipay: a message that is forged, altered, stale or not ours changes nothing and is not answered `success`."""

import base64
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode

import pytest

from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentStatus, Refund
from orders.payments.tests.factories import AlipaySigner, make_order, start, stock_of, tell
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def signer(sandbox):
    return AlipaySigner(sandbox.env)


@pytest.fixture
def payment(sandbox, member, member_client):
    return Payment.objects.get(number=start(member_client, make_order(member), method="alipay")["number"])


@pytest.fixture
def calls(payment, settings):
    """Calls that reach the gateway's address from now on."""
    seen = []

    class Counter(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.path)
            self.send_error(500)

        do_GET = do_POST

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.ALIPAY = {**settings.ALIPAY, "gateway_url": f"http://127.0.0.1:{server.server_port}/gateway.do"}
    yield seen
    server.shutdown()
    server.server_close()


def assert_refused(answer, payment, calls, *, code=None):
    assert 400 <= answer.status_code < 500, answer.content
    assert answer.content != b"success"
    assert code is None or answer.json()["code"] == code
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert payment.order.status == OrderStatus.PENDING_PAYMENT
    assert payment.order.paid_fen == 0
    assert stock_of(payment.order) == (9, 1)
    assert not OutboxEntry.objects.filter(fact="OrderPaid").exists()
    assert not Refund.objects.exists()
    assert calls == []


def test_a_genuine_message_pays_the_order_once_and_is_answered_exactly_success(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    for _ in range(3):
        answer = tell(body)
        assert (answer.status_code, answer.content) == (200, b"success")
    payment.refresh_from_db()
    assert (payment.status, payment.settles_order) == (PaymentStatus.SUCCEEDED, True)
    assert payment.succeeded_at.isoformat() == "2026-11-20T04:00:00+00:00"
    assert payment.transaction_id == f"2026112222001{payment.pk:015d}"
    assert payment.order.status == OrderStatus.PAID
    assert payment.order.events.filter(status=OrderStatus.PAID).count() == 1
    assert calls == []


def test_every_byte_of_the_form_counts(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    for position in range(len(body)):
        altered = bytearray(body)
        altered[position] ^= 0x01
        answer = tell(bytes(altered))
        assert answer.status_code == 401, (position, bytes(altered[max(0, position - 20) : position + 20]))
    assert_refused(answer, payment, calls, code="notification_refused")


def test_every_field_counts(payment, signer, calls):
    fields = dict(parse_qsl(signer.body(signer.paid(payment)).decode(), keep_blank_values=True))
    for name, value in fields.items():
        others = {key: each for key, each in fields.items() if key != name}
        for changed in (None, "", value + "0", value[:-1] or "x", value.upper() + " ", "签名", "0x\tzz ;\\"):
            if changed != value:
                form = others if changed is None else {**others, name: changed}
                answer = tell(urlencode(form).encode())
                assert answer.status_code == 401, (name, changed)
    assert_refused(tell(urlencode({**fields, "added": "1"}).encode()), payment, calls, code="notification_refused")


def test_a_field_said_twice_is_refused(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    for more in (b"&out_trade_no=P1", b"&total_amount=0.01", b"&sign=AAAA", b"&app_id=1"):
        assert_refused(tell(body + more), payment, calls, code="notification_refused")
        assert_refused(tell(more[1:] + b"&" + body), payment, calls, code="notification_refused")


def test_the_signature_has_one_spelling(payment, signer, calls):
    fields = dict(parse_qsl(signer.body(signer.paid(payment)).decode(), keep_blank_values=True))
    signature = fields["sign"]
    raw = base64.b64decode(signature)
    spellings = [signature[:-3] + letter + "==" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop0123456789+/"]
    same_bytes = {each for each in spellings if base64.b64decode(each) == raw} - {signature}
    assert same_bytes
    for spelling in {*same_bytes, f"{signature[:10]}\n{signature[10:]}", f"!{signature}", f"{signature}\u00a0"}:
        answer = tell(urlencode({**fields, "sign": spelling}).encode())
        assert_refused(answer, payment, calls, code="notification_refused")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"sign",
        b"=",
        b"\xff\xfe=1",
        b"&" * 5000,
        b"a=1&" * 200 + b"b=2",
        b"a=" + b"x" * 70_000,
        b"app_id=%ff%fe",
    ],
)
def test_odd_bodies_are_refused(payment, signer, calls, body):
    assert_refused(tell(body), payment, calls, code="notification_refused")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_only_the_signature_makes_a_message_whatever_it_is_called(payment, signer, calls, content_type):
    forged = signer.body(signer.paid(payment)).replace(b"total_amount=99.00", b"total_amount=0.01")
    assert_refused(tell(forged, content_type=content_type), payment, calls)


def test_a_huge_body_is_refused(payment, signer, calls):
    assert_refused(tell(b"a=" + b"x" * 2_000_000), payment, calls)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"total_amount": "98.99"}, 409, "notification_mismatch"),
        ({"total_amount": "0.01"}, 409, "notification_mismatch"),
        ({"total_amount": "9900"}, 409, "notification_mismatch"),
        ({"total_amount": "99.001"}, 401, "notification_refused"),
        ({"total_amount": "-99.00"}, 409, "notification_mismatch"),
        ({"total_amount": None}, 401, "notification_refused"),
        ({"total_amount": "９９.00"}, 401, "notification_refused"),
        ({"trans_currency": "USD"}, 409, "notification_mismatch"),
        ({"settle_currency": "HKD"}, 409, "notification_mismatch"),
        ({"app_id": "2021000000000000"}, 401, "notification_refused"),
        ({"seller_id": "2088000000000000"}, 409, "notification_mismatch"),
        ({"seller_id": None}, 401, "notification_refused"),
        ({"out_trade_no": "P0"}, 404, "payment_not_found"),
        ({"trade_status": "WAIT_BUYER_PAY"}, 409, "notification_mismatch"),
        ({"trade_status": "ANYTHING"}, 409, "notification_mismatch"),
        ({"trade_no": ""}, 409, "notification_mismatch"),
        ({"gmt_payment": "yesterday"}, 401, "notification_refused"),
        ({"sign_type": "RSA"}, 401, "notification_refused"),
        ({"charset": "gbk"}, 401, "notification_refused"),
        ({"refund_fee": "99.00", "out_biz_no": "R1", "out_trade_no": "P0"}, 404, "payment_not_found"),
    ],
)
def test_facts_that_are_not_those_of_the_payment_are_refused(payment, signer, calls, changes, status, code):
    answer = tell(signer.body(signer.paid(payment, **changes)))
    assert answer.status_code == status
    assert_refused(answer, payment, calls, code=code)


@pytest.mark.parametrize("age", [timedelta(hours=25, minutes=1), timedelta(days=30), -timedelta(minutes=6)])
def test_a_valid_message_of_another_time_is_refused(payment, signer, calls, age):
    body = signer.body(signer.paid(payment, at=clock.now() - age))
    assert_refused(tell(body), payment, calls, code="notification_refused")


def test_the_last_try_of_the_gateway_a_day_later_is_taken(payment, signer, calls):
    answer = tell(signer.body(signer.paid(payment, at=clock.now() - timedelta(hours=24, minutes=22))))
    assert answer.content == b"success"


def test_a_storm_of_unknown_apps_touches_neither_database_nor_network(
    payment, signer, calls, django_assert_num_queries
):
    bodies = [signer.body(signer.paid(payment, app_id=f"2021{n:012d}")) for n in range(200)]
    with django_assert_num_queries(0):
        answers = [tell(body) for body in bodies]
    assert {answer.status_code for answer in answers} == {401}
    assert_refused(answers[-1], payment, calls)


def test_word_of_a_refund_is_no_payment(payment, signer, calls):
    """Somebody refunded it in Alipay's own console; a payment that is not confirmed here is not so by that."""
    answer = tell(signer.body(signer.paid(payment, refund_fee="1.00", out_biz_no="console", gmt_refund="now")))
    assert answer.content == b"success"
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert not OutboxEntry.objects.filter(fact="OrderPaid").exists()
    assert calls == []


def test_word_that_the_trade_was_closed_closes_the_payment(payment, signer, calls):
    answer = tell(signer.body(signer.paid(payment, trade_status="TRADE_CLOSED", gmt_payment=None)))
    assert answer.content == b"success"
    payment.refresh_from_db()
    assert (payment.status, payment.gateway_state) == (PaymentStatus.CLOSED, "TRADE_CLOSED")
    assert payment.order.status == OrderStatus.PENDING_PAYMENT


def test_a_failure_to_store_is_answered_so_that_the_gateway_sends_again(payment, signer, monkeypatch):
    def full_disk(**parts):
        raise OSError("disk full")

    body = signer.body(signer.paid(payment))
    with monkeypatch.context() as broken:
        broken.setattr("orders.payments.services.confirmation.confirm_paid", full_disk)
        assert tell(body).status_code == 500
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert tell(body).content == b"success"


def test_a_shop_without_alipay_takes_no_message(payment, signer, settings):
    settings.ALIPAY = {**settings.ALIPAY, "app_id": ""}
    answer = tell(signer.body(signer.paid(payment)))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_method_unavailable")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
