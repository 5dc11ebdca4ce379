"""R5: a message that is forged, altered, stale or not ours changes nothing, is refused with 4xx and calls nobody."""

import base64
import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentStatus, Refund
from orders.payments.tests.factories import Signer, make_order, notify, post, start, stock_of
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def signer(sandbox):
    return Signer(sandbox.env)


@pytest.fixture
def payment(sandbox, member, member_client):
    member.openid = sandbox.user()
    member.save()
    return Payment.objects.get(number=start(member_client, make_order(member))["number"])


@pytest.fixture
def calls(payment, settings):
    """Calls that reach the gateway's address from now on."""
    seen = []

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_error(500)

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    settings.WECHATPAY = {**settings.WECHATPAY, "gateway_url": f"http://127.0.0.1:{server.server_port}"}
    yield seen
    server.shutdown()
    server.server_close()


def assert_refused(answer, payment, calls, *, code=None):
    assert 400 <= answer.status_code < 500, answer.content
    assert code is None or answer.json()["code"] == code
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert payment.order.status == OrderStatus.PENDING_PAYMENT
    assert payment.order.paid_fen == 0
    assert stock_of(payment.order) == (9, 1)
    assert not OutboxEntry.objects.filter(fact="OrderPaid").exists()
    assert not Refund.objects.exists()
    assert calls == []


def flipped(text, position):
    return text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]


def test_a_genuine_message_pays_the_order_once_and_again_changes_nothing(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    assert [notify(body, headers).status_code for _ in range(3)] == [204, 204, 204]
    payment.refresh_from_db()
    assert (payment.status, payment.settles_order) == (PaymentStatus.SUCCEEDED, True)
    assert payment.succeeded_at.isoformat() == "2026-11-20T04:00:00+00:00"
    assert payment.order.status == OrderStatus.PAID
    assert payment.order.paid_fen == 9900
    assert payment.order.events.filter(status=OrderStatus.PAID).count() == 1
    assert calls == []


HEADERS = ("Serial", "Timestamp", "Nonce", "Signature-Type", "Signature")


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("change", ["missing", "empty", "first", "last", "odd", "long", "foreign"])
def test_every_signed_header_counts(payment, signer, calls, name, change):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    full = f"Wechatpay-{name}"
    value = headers[full]
    headers[full] = {
        "missing": value,
        "empty": "",
        "first": flipped(value, 0),
        "last": flipped(value, len(value) - 1),
        "odd": "0x\tzz ;\\",
        "long": value * 40,
        "foreign": "签名".encode().decode("latin-1"),
    }[change]
    if change == "missing":
        del headers[full]
    assert_refused(notify(body, headers), payment, calls, code="notification_refused")


def test_the_signature_has_one_spelling(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    signature = headers["Wechatpay-Signature"]
    same_bytes = [
        signature[:-3] + letter + "=="
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        if base64.b64decode(signature[:-3] + letter + "==") == base64.b64decode(signature)
    ]
    assert len(same_bytes) == 16
    for spelling in {*same_bytes, signature[:10] + "\u00a0" + signature[10:], "!" + signature} - {signature}:
        answer = notify(body, {**headers, "Wechatpay-Signature": spelling})
        assert_refused(answer, payment, calls, code="notification_refused")


def test_every_byte_of_the_body_counts(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    for position in range(len(body)):
        altered = bytearray(body)
        altered[position] ^= 0x01
        answer = notify(bytes(altered), headers)
        assert answer.status_code == 401, position
    assert_refused(answer, payment, calls)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b'{"resource": 1}', b" " * 70_000]
)
def test_odd_bodies_are_refused_even_when_signed(payment, signer, calls, body):
    assert_refused(notify(body, signer.headers(body)), payment, calls, code="notification_refused")


def test_a_huge_body_is_refused(payment, signer, calls):
    body = b"x" * 2_000_000
    assert_refused(notify(body, signer.headers(body)), payment, calls)


def test_a_signed_message_under_another_encryption_key_is_refused(payment, signer, calls):
    other = Signer({**signer.env, "WECHATPAY_API_V3_KEY": "0" * 32})
    body = other.body(signer.paid(payment))
    assert_refused(notify(body, signer.headers(body)), payment, calls, code="notification_refused")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"total": 9899}, 409, "notification_mismatch"),
        ({"total": 1}, 409, "notification_mismatch"),
        ({"total": "9900"}, 401, "notification_refused"),
        ({"total": 9900.5}, 401, "notification_refused"),
        ({"currency": "USD"}, 409, "notification_mismatch"),
        ({"mchid": "1600000000"}, 409, "notification_mismatch"),
        ({"appid": "wx0000000000000000"}, 409, "notification_mismatch"),
        ({"out_trade_no": "P0"}, 404, "payment_not_found"),
        ({"trade_state": "NOTPAY"}, 409, "notification_mismatch"),
        ({"trade_state": "REFUND"}, 409, "notification_mismatch"),
        ({"transaction_id": ""}, 409, "notification_mismatch"),
        ({"transaction_id": None}, 401, "notification_refused"),
        ({"amount": None}, 409, "notification_mismatch"),
    ],
)
def test_facts_that_are_not_those_of_the_payment_are_refused(payment, signer, calls, changes, status, code):
    body = signer.body(signer.paid(payment, **changes))
    answer = notify(body, signer.headers(body))
    assert answer.status_code == status
    assert_refused(answer, payment, calls, code=code)


@pytest.mark.parametrize("age", [timedelta(seconds=302), timedelta(days=30), -timedelta(seconds=302)])
def test_a_valid_message_of_another_time_is_refused(payment, signer, calls, age):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body, at=clock.now() - age)
    assert_refused(notify(body, headers), payment, calls, code="notification_refused")


def test_an_almost_five_minutes_old_message_is_taken(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    assert notify(body, signer.headers(body, at=clock.now() - timedelta(seconds=290))).status_code == 204


def test_a_storm_of_unknown_serials_touches_neither_database_nor_network(
    payment, signer, calls, django_assert_num_queries
):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    with django_assert_num_queries(0):
        answers = [notify(body, {**headers, "Wechatpay-Serial": f"{n:040X}"}) for n in range(200)]
    assert {answer.status_code for answer in answers} == {401}
    assert_refused(answers[-1], payment, calls)


def test_probes_of_the_gateway_are_refused(payment, signer, calls):
    body = signer.body(signer.paid(payment))
    headers = signer.headers(body)
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
    assert_refused(notify(body, headers), payment, calls, code="notification_refused")


def test_a_refund_message_is_no_payment_and_the_other_way_round(payment, signer, calls):
    paid = signer.body(signer.paid(payment))
    assert_refused(notify(paid, signer.headers(paid), path="payments/wechat/refund-notify"), payment, calls)
    refund = signer.body({"mchid": signer.env["WECHATPAY_MCH_ID"]}, event="REFUND.SUCCESS", kind="refund")
    assert_refused(notify(refund, signer.headers(refund)), payment, calls, code="notification_refused")


def test_a_failure_to_store_is_answered_so_that_the_gateway_sends_again(payment, signer, monkeypatch):
    def full_disk(**parts):
        raise OSError("disk full")

    body = signer.body(signer.paid(payment))
    with monkeypatch.context() as broken:
        broken.setattr("orders.payments.services.confirmation.confirm_paid", full_disk)
        assert notify(body, signer.headers(body)).status_code == 500
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert notify(body, signer.headers(body)).status_code == 204


def test_refusals_are_json_with_a_code(payment, signer, calls):
    answer = notify(b"{}", {})
    assert json.loads(answer.content)["code"] == "notification_refused"


def test_notifications_need_no_session_and_take_no_other_method(sandbox, api):
    assert api.get("/api/v1/payments/wechat/notify").status_code == 405
    assert post(api, "payments/wechat/notify").status_code == 401
