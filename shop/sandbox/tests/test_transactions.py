"""A payment from the order to the notification, through the real client."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shop.sandbox.tests.clients import new_number


def test_a_payment_from_placing_to_query(client, place, http, merchant, openid, sandbox):
    number, prepay_id = place(1234, attach="table 5")
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "NOTPAY"

    paid = http.post("/wechat/pay", json={"prepay_id": prepay_id, "wait": True}).json()

    assert paid["notified"] == {"status": 204, "attempts": 1}
    [callback] = merchant.received
    notification = client.callback(headers=callback.headers, body=callback.body)
    assert notification["event_type"] == "TRANSACTION.SUCCESS"
    resource = notification["resource"]
    assert resource["out_trade_no"] == number
    assert resource["transaction_id"] == paid["transaction_id"]
    assert resource["trade_state"] == "SUCCESS"
    assert resource["amount"] == {"total": 1234, "currency": "CNY", "payer_total": 1234, "payer_currency": "CNY"}
    assert resource["payer"] == {"openid": openid}
    assert resource["attach"] == "table 5"
    assert (resource["appid"], resource["mchid"]) == (sandbox.env["WECHAT_APP_ID"], sandbox.env["WECHATPAY_MCH_ID"])
    status, queried = client.query(transaction_id=paid["transaction_id"])
    assert (status, json.loads(queried)) == (200, resource)


def test_the_same_request_gets_the_same_prepay_id_and_another_is_refused(client, openid, http):
    order = {"description": "Tea", "out_trade_no": new_number("S"), "payer": {"openid": openid}}

    first = client.pay(**order, amount={"total": 500})
    again = client.pay(**order, amount={"total": 500})
    other = client.pay(**order, amount={"total": 501})

    assert first[0] == 200
    assert again == first
    assert (other[0], json.loads(other[1])["code"]) == (403, "OUT_TRADE_NO_USED")
    http.post("/wechat/pay", json={"prepay_id": json.loads(first[1])["prepay_id"]})
    assert json.loads(client.pay(**order, amount={"total": 500})[1])["code"] == "ORDERPAID"


def test_a_transaction_is_paid_once(place, http, merchant):
    _, prepay_id = place()
    assert http.post("/wechat/pay", json={"prepay_id": prepay_id, "wait": True}).status_code == 200

    again = http.post("/wechat/pay", json={"prepay_id": f"prepay_id={prepay_id}", "wait": True})

    assert (again.status_code, again.json()["code"]) == (409, "ORDERPAID")
    assert merchant.stays_at(1)


def test_a_closed_transaction_cannot_be_paid_nor_placed_again(client, place, http, merchant, openid):
    number, prepay_id = place()

    assert client.close(out_trade_no=number)[0] == 204
    assert client.close(out_trade_no=number)[0] == 204

    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "CLOSED"
    assert http.post("/wechat/pay", json={"prepay_id": prepay_id, "force": True}).json()["code"] == "ORDER_CLOSED"
    status, answer = client.pay(
        description="Longjing tea", out_trade_no=number, amount={"total": 1234}, payer={"openid": openid}
    )
    assert (status, json.loads(answer)["code"]) == (400, "ORDER_CLOSED")
    assert merchant.stays_at(0)


def test_closing_a_paid_transaction_answers_orderpaid(client, pay):
    number = pay()

    status, answer = client.close(out_trade_no=number)

    assert (status, json.loads(answer)["code"]) == (400, "ORDERPAID")
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"


def test_time_expire_stops_paying_and_closes_nothing(client, place, http):
    soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    number, prepay_id = place(time_expire=soon)
    time.sleep(0.6)

    late = http.post("/wechat/pay", json={"prepay_id": prepay_id})

    assert (late.status_code, late.json()["code"]) == (409, "ORDER_EXPIRED")
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "NOTPAY"
    # A user who was already typing the password still pays.
    assert http.post("/wechat/pay", json={"prepay_id": prepay_id, "force": True}).status_code == 200
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"


def test_the_parameters_of_the_front_are_checked_as_by_the_wechat_client(client, place, http, sandbox):
    _, prepay_id = place()
    package = f"prepay_id={prepay_id}"
    sign = client.sign([sandbox.env["WECHAT_APP_ID"], "1700000000", "nonce", package])
    params = {"timeStamp": "1700000000", "nonceStr": "nonce", "package": package, "signType": "RSA", "paySign": sign}

    altered = http.post("/wechat/pay", json={"client_params": params | {"timeStamp": "1700000001"}})
    right = http.post("/wechat/pay", json={"client_params": params})

    assert (altered.status_code, altered.json()["code"]) == (400, "INVALID_PAY_SIGN")
    assert right.status_code == 200


def test_a_payment_can_be_dated_back(client, place, http):
    number, prepay_id = place()

    http.post("/wechat/pay", json={"prepay_id": prepay_id, "success_time": "2026-01-31T18:30:00+08:00"})

    assert json.loads(client.query(out_trade_no=number)[1])["success_time"] == "2026-01-31T18:30:00+08:00"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": -1}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1.5}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": True}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1, "currency": "USD"}}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
        ({"description": "x" * 128}, 400, "PARAM_ERROR"),
        ({"payer": {"openid": "unknown"}}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://127.0.0.1/notify?secret=1"}, 400, "PARAM_ERROR"),
        ({"notify_url": "notify"}, 400, "PARAM_ERROR"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, 400, "PARAM_ERROR"),
        ({"time_expire": "tomorrow"}, 400, "PARAM_ERROR"),
        ({"mchid": "1900000000"}, 400, "PARAM_ERROR"),
        ({"appid": "wx0000000000000000"}, 400, "APPID_MCHID_NOT_MATCH"),
    ],
)
def test_bad_placements_are_refused(client, openid, change, status, code):
    number = new_number("B")
    order = {
        "description": "Tea",
        "out_trade_no": number,
        "amount": {"total": 100},
        "payer": {"openid": openid},
    }

    answered, body = client.pay(**order | change)

    assert (answered, json.loads(body)["code"]) == (status, code)
    assert client.query(out_trade_no=number)[0] == 404


def test_an_unknown_transaction_is_not_found(client):
    for answered, body in (
        client.query(out_trade_no="UNKNOWN1"),
        client.query(transaction_id="4200000000"),
        client.close(out_trade_no="UNKNOWN1"),
    ):
        assert (answered, json.loads(body)["code"]) == (404, "ORDER_NOT_EXIST")


def test_a_crowd_pays_once(place, http, merchant):
    _, prepay_id = place()

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: http.post("/wechat/pay", json={"prepay_id": prepay_id}), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 15
    merchant.wait_for(1)
    assert merchant.stays_at(1)


def test_a_past_payment_is_known_as_if_it_had_been_made_then(client, http, openid, merchant):
    past = {"out_trade_no": new_number("H"), "openid": openid, "total": 990, "paid_at": "2026-01-31T18:30:00+08:00"}

    assert http.post("/wechat/past-payments", json=past).status_code == 201
    assert http.post("/wechat/past-payments", json=past).status_code == 409

    queried = json.loads(client.query(out_trade_no=past["out_trade_no"])[1])
    assert (queried["trade_state"], queried["success_time"]) == ("SUCCESS", "2026-01-31T18:30:00+08:00")
    assert (queried["amount"]["total"], queried["payer"]) == (990, {"openid": openid})
    assert merchant.received == []


@pytest.mark.parametrize(
    "change", [{"paid_at": "2999-01-01T00:00:00+08:00"}, {"paid_at": None}, {"total": 0}, {"openid": "nobody"}]
)
def test_a_past_that_cannot_be_is_refused(http, openid, change):
    past = {"out_trade_no": new_number("H"), "openid": openid, "total": 990, "paid_at": "2026-01-31T18:30:00+08:00"}
    assert http.post("/wechat/past-payments", json=past | change).status_code == 400
