"""Refunds: accepted, settled, never above what was paid."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.sandbox.tests.clients import new_number


def refund(client, number, *, amount, total=1234, out_refund_no=None, **more):
    status, answer = client.refund(
        out_refund_no=out_refund_no or new_number("R"),
        out_trade_no=number,
        amount={"refund": amount, "total": total, "currency": "CNY"},
        **more,
    )
    return status, json.loads(answer)


def test_acceptance_is_processing_and_success_follows(client, pay, merchant):
    number = pay(1234)

    status, accepted = refund(client, number, amount=1000)

    assert (status, accepted["status"]) == (200, "PROCESSING")
    assert accepted["amount"]["refund"] == 1000
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "REFUND"
    callback = merchant.wait_for(2)[1]
    notification = client.callback(headers=callback.headers, body=callback.body)
    assert notification["event_type"] == "REFUND.SUCCESS"
    assert notification["resource"]["refund_status"] == "SUCCESS"
    assert notification["resource"]["out_refund_no"] == accepted["out_refund_no"]
    assert notification["resource"]["amount"] == {
        "total": 1234,
        "refund": 1000,
        "payer_total": 1234,
        "payer_refund": 1000,
    }
    queried = json.loads(client.query_refund(out_refund_no=accepted["out_refund_no"])[1])
    assert queried["status"] == "SUCCESS"
    assert queried["success_time"] == notification["resource"]["success_time"]


def test_the_same_number_refunds_once(client, pay, merchant):
    number = pay()
    first = refund(client, number, amount=400, out_refund_no=f"{number}-1")

    again = refund(client, number, amount=400, out_refund_no=f"{number}-1")
    other = refund(client, number, amount=401, out_refund_no=f"{number}-1")

    assert again[1]["refund_id"] == first[1]["refund_id"]
    assert (other[0], other[1]["code"]) == (400, "INVALID_REQUEST")
    merchant.wait_for(2)
    assert merchant.stays_at(2)


def test_refunds_never_exceed_what_was_paid(client, pay):
    number = pay(1000)
    assert refund(client, number, amount=600, total=1000)[0] == 200

    too_much = refund(client, number, amount=401, total=1000)
    rest = refund(client, number, amount=400, total=1000)
    one_more = refund(client, number, amount=1, total=1000)

    assert (too_much[0], too_much[1]["code"]) == (400, "INVALID_REQUEST")
    assert rest[0] == 200
    assert one_more[1]["code"] == "INVALID_REQUEST"


def test_an_abnormal_refund_is_not_final(client, pay, http, merchant):
    number = pay()
    http.post("/faults", json={"target": "refund", "kind": "ABNORMAL", "times": 1})

    _, accepted = refund(client, number, amount=1234)

    callback = merchant.wait_for(2)[1]
    notification = client.callback(headers=callback.headers, body=callback.body)
    assert notification["event_type"] == "REFUND.ABNORMAL"
    assert json.loads(client.query_refund(out_refund_no=accepted["out_refund_no"])[1])["status"] == "ABNORMAL"
    status, _ = client.abnormal_refund(
        refund_id=accepted["refund_id"], out_refund_no=accepted["out_refund_no"], type="MERCHANT_BANK_CARD"
    )
    assert status == 200
    callback = merchant.wait_for(3)[2]
    assert client.callback(headers=callback.headers, body=callback.body)["event_type"] == "REFUND.SUCCESS"
    assert json.loads(client.query_refund(out_refund_no=accepted["out_refund_no"])[1])["status"] == "SUCCESS"


def test_an_empty_account_refuses_and_a_retry_succeeds(client, pay, http):
    number = pay()
    http.post("/faults", json={"target": "refund", "kind": "not_enough"})

    first = refund(client, number, amount=10, out_refund_no=f"{number}-1")
    again = refund(client, number, amount=10, out_refund_no=f"{number}-1")

    assert (first[0], first[1]["code"]) == (403, "NOT_ENOUGH")
    assert again[0] == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "PARAM_ERROR"),
        ({"amount": -5}, "PARAM_ERROR"),
        ({"amount": 1235}, "PARAM_ERROR"),
        ({"amount": 10, "total": 1233}, "INVALID_REQUEST"),
        ({"amount": 10, "out_refund_no": "a b"}, "PARAM_ERROR"),
    ],
)
def test_bad_refunds_are_refused(client, pay, change, code):
    number = pay(1234)

    status, answer = refund(client, number, **change)

    assert (status, answer["code"]) == (400, code)
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"


def test_what_was_not_paid_cannot_be_refunded(client, place):
    number, _ = place()

    assert refund(client, number, amount=1)[1]["code"] == "INVALID_REQUEST"
    assert refund(client, "UNKNOWN1", amount=1)[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert json.loads(client.query_refund(out_refund_no="UNKNOWN1")[1])["code"] == "RESOURCE_NOT_EXISTS"


def test_a_crowd_refunds_no_more_than_was_paid(client, pay):
    number = pay(1000)

    def ask(index):
        return refund(client, number, amount=150, total=1000, out_refund_no=f"{number}-{index}")[0]

    with ThreadPoolExecutor(20) as crowd:
        statuses = sorted(crowd.map(ask, range(20)))

    # Six times 150 fit into 1,000.
    assert statuses == [200] * 6 + [400] * 14


def test_a_refund_can_have_been_long_ago(client, pay, http):
    number = pay(1000)
    _status, accepted = refund(client, number, amount=600, total=1000)
    past = {
        "out_refund_no": accepted["out_refund_no"],
        "taken_at": "2025-02-03T23:59:00+08:00",
        "settled_at": "2025-02-05T10:00:00+08:00",
    }

    assert http.post("/wechat/past-refunds", json=past).status_code == 200

    queried = json.loads(client.query_refund(out_refund_no=accepted["out_refund_no"])[1])
    assert (queried["create_time"], queried["success_time"]) == (past["taken_at"], past["settled_at"])
    for change in ({"taken_at": "long ago"}, {"settled_at": None}, {"out_refund_no": "nobodys"}):
        assert http.post("/wechat/past-refunds", json=past | change).status_code in (400, 404)
