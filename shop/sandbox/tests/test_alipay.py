"""Alipay's gateway as the real client sees it, and as one sees it who signs wrongly."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from alipay import AliPay

from shop.sandbox.clock import CHINA
from shop.sandbox.tests.clients import new_number


@pytest.fixture
def alipay(sandbox, merchant):
    client = AliPay(
        appid=sandbox.env["ALIPAY_APP_ID"],
        app_notify_url=f"{merchant.url}/notify",
        app_private_key_string=Path(sandbox.env["ALIPAY_PRIVATE_KEY_PATH"]).read_text(),
        alipay_public_key_string=Path(sandbox.env["ALIPAY_PUBLIC_KEY_PATH"]).read_text(),
    )
    client._gateway = sandbox.env["ALIPAY_GATEWAY_URL"]
    return client


@pytest.fixture
def announce(alipay):
    def announced(total="12.34", number=None):
        number = number or new_number("T")
        until = datetime.now(CHINA) + timedelta(minutes=10)
        answer = call(
            alipay,
            "alipay.trade.precreate",
            {
                "out_trade_no": number,
                "subject": "龙井",
                "total_amount": total,
                "time_expire": f"{until:%Y-%m-%d %H:%M:%S}",
            },
            notify_url=alipay._app_notify_url,
        )
        assert answer["code"] == "10000", answer
        return number

    return announced


def call(alipay, method, biz, *, timestamp=None, **more):
    """The time of China, wherever the test runs, which the client leaves to its process."""
    now = datetime.now(CHINA) if timestamp is None else timestamp
    return alipay.server_api(method, biz, timestamp=f"{now:%Y-%m-%d %H:%M:%S}", **more)


def forms(merchant, count):
    return [dict(parse_qsl(each.body.decode(), keep_blank_values=True)) for each in merchant.wait_for(count)]


def test_a_payment_is_told_until_the_answer_is_exactly_success(alipay, announce, http, merchant):
    number = announce()
    http.post("/alipay/pay", json={"out_trade_no": number})
    # The merchant of these tests answers 204, which is fine for others; Alipay wants the word.
    first, again = forms(merchant, 2)[:2]
    assert first == again
    assert (first["out_trade_no"], first["total_amount"], first["trade_status"]) == (number, "12.34", "TRADE_SUCCESS")
    signature = first.pop("sign")
    assert alipay.verify(dict(first), signature)
    assert not alipay.verify({**first, "total_amount": "12.35"}, signature)


def test_refunds_are_told_with_the_sum_of_what_went_back(alipay, announce, http, merchant):
    number = announce()
    http.post("/alipay/pay", json={"out_trade_no": number})
    for part, refund_number in (("2.00", "R1"), ("10.34", "R2")):
        biz = {"out_trade_no": number, "refund_amount": part, "out_request_no": refund_number}
        assert call(alipay, "alipay.trade.refund", biz)["fund_change"] == "Y"
        assert call(alipay, "alipay.trade.refund", biz)["fund_change"] == "N"
    deadline = time.monotonic() + 5
    told = {}
    while len(told) < 3 and time.monotonic() < deadline:
        told = {each.get("out_biz_no", ""): each for each in forms(merchant, 3)}
    assert [told[name].get("refund_fee") for name in ("", "R1", "R2")] == [None, "2.00", "12.34"]
    assert [told[name]["trade_status"] for name in ("R1", "R2")] == ["TRADE_SUCCESS", "TRADE_CLOSED"]


@pytest.mark.parametrize(
    ("change", "sub_code"),
    [
        ({"app_id": "2021000000000000"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"timestamp": "2026-01-01 00:00:00"}, "isv.invalid-timestamp"),
        ({"timestamp": "now"}, "isv.invalid-timestamp"),
        ({"sign": "AAAA"}, "isv.invalid-signature"),
        ({"biz_content": '{"out_trade_no":"T2"}'}, "isv.invalid-signature"),
        ({"more": "1"}, "isv.invalid-signature"),
    ],
)
def test_what_the_app_did_not_sign_is_refused(alipay, change, sub_code):
    body = alipay.build_body("alipay.trade.query", {"out_trade_no": "T1"})
    body["timestamp"] = f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}"
    fields = dict(parse_qsl(alipay.sign_data(body), keep_blank_values=True))
    answer = httpx.post(alipay._gateway, data={**fields, **change}).json()["alipay_trade_query_response"]
    assert (answer["code"], answer["sub_code"]) == ("40002", sub_code)


def test_an_unknown_method_is_refused(alipay):
    assert call(alipay, "alipay.trade.page.refund", {})["sub_code"] == "isv.invalid-method"


def test_refunds_never_exceed_what_was_paid(alipay, announce, http):
    number = announce("10.00")
    http.post("/alipay/pay", json={"out_trade_no": number})
    biz = {"out_trade_no": number, "refund_amount": "1.50"}
    answers = [call(alipay, "alipay.trade.refund", {**biz, "out_request_no": f"R{n}"}) for n in range(8)]
    # Six times 1.50 fit into 10.00.
    assert [each["code"] for each in answers] == ["10000"] * 6 + ["40004"] * 2


def test_unknown_trades_are_said(http):
    assert http.post("/alipay/pay", json={"out_trade_no": "T-unknown"}).status_code == 404
    assert http.post("/alipay/open", json={}).status_code == 404
    assert http.get("/downloadBillFile.resource?token=x").status_code == 403
