"""Callbacks: tried again, lost, late, twice, in the wrong order, and after a restart."""

import json
import time

import httpx
import pytest

from shop.sandbox.process import start_sandbox
from shop.sandbox.tests.clients import new_waybill


def out_trade_nos(client, callbacks):
    return [client.callback(headers=c.headers, body=c.body)["resource"]["out_trade_no"] for c in callbacks]


def test_a_refused_callback_comes_again_newly_signed(client, place, http, merchant):
    number, prepay_id = place()
    merchant.statuses = [500, 302]

    paid = http.post("/wechat/pay", json={"prepay_id": prepay_id, "wait": True}).json()

    assert paid["notified"] == {"status": 500, "attempts": 1}
    callbacks = merchant.wait_for(3)
    assert out_trade_nos(client, callbacks) == [number] * 3
    assert len({c.body for c in callbacks}) == 1
    assert len({c.headers["Wechatpay-Nonce"] for c in callbacks}) == 3
    assert merchant.stays_at(3)


def test_the_schedule_ends(place, http, merchant):
    number, prepay_id = place()
    merchant.statuses = [500] * 9

    http.post("/wechat/pay", json={"prepay_id": prepay_id})

    merchant.wait_for(4)
    assert merchant.stays_at(4)
    [delivery] = [d for d in http.get("/deliveries").json() if d["lane"] == number]
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == ("given_up", 4, 500)


def test_a_lost_callback_leaves_the_query(client, place, http, merchant):
    number, prepay_id = place()
    http.post("/faults", json={"target": "payment_notify", "kind": "lose", "times": 1})

    paid = http.post("/wechat/pay", json={"prepay_id": prepay_id, "wait": True}).json()

    assert paid["notified"] == {"status": None, "attempts": 0}
    assert merchant.stays_at(0)
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"


def test_a_duplicated_callback_comes_many_times(client, pay, http, merchant):
    http.post("/faults", json={"target": "payment_notify", "kind": "duplicate", "copies": 5})

    number = pay()

    assert out_trade_nos(client, merchant.wait_for(5)) == [number] * 5
    assert merchant.stays_at(5)


def test_a_delayed_callback_comes_late(place, http, merchant):
    _, prepay_id = place()
    http.post("/faults", json={"target": "payment_notify", "kind": "delay", "seconds": 0.6})

    http.post("/wechat/pay", json={"prepay_id": prepay_id})

    assert merchant.stays_at(0, seconds=0.4)
    merchant.wait_for(1)


def test_a_reordered_callback_comes_after_the_next(client, place, pay, http, merchant):
    first, prepay_id = place()
    http.post("/faults", json={"target": "payment_notify", "kind": "reorder"})
    http.post("/wechat/pay", json={"prepay_id": prepay_id})

    second = pay()

    assert out_trade_nos(client, merchant.wait_for(2)) == [second, first]
    assert merchant.stays_at(2)


def test_a_close_can_meet_a_payment(client, place, http, merchant):
    number, _ = place()
    http.post("/faults", json={"target": "close", "kind": "ORDERPAID", "times": 1})

    status, answer = client.close(out_trade_no=number)

    assert (status, json.loads(answer)["code"]) == (400, "ORDERPAID")
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"
    assert out_trade_nos(client, merchant.wait_for(1)) == [number]


def test_a_probe_carries_a_wrong_signature(client, place, http, merchant):
    number, _ = place()
    merchant.statuses = [401]

    answer = http.post("/wechat/probe", json={"out_trade_no": number}).json()

    assert answer == {"notified": {"status": 401, "attempts": 1}}
    [callback] = merchant.received
    assert callback.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    assert client.callback(headers=callback.headers, body=callback.body) is None
    assert merchant.stays_at(1)


def test_the_gateway_can_fail_before_and_after_its_work(client, place, pay, http):
    number = pay()
    amount = {"refund": 100, "total": 1234, "currency": "CNY"}
    http.post("/faults", json={"target": "refund", "kind": "500"})
    http.post("/faults", json={"target": "refund", "kind": "500", "after": True})

    before = client.refund(out_refund_no=f"{number}-1", out_trade_no=number, amount=amount)
    unknown = client.query_refund(out_refund_no=f"{number}-1")
    after = client.refund(out_refund_no=f"{number}-1", out_trade_no=number, amount=amount)
    known = client.query_refund(out_refund_no=f"{number}-1")

    assert [before[0], unknown[0], after[0], known[0]] == [500, 404, 500, 200]


def test_the_gateway_can_hang(client, place, http):
    number, _ = place()
    http.post("/faults", json={"target": "wechat_pay", "kind": "hang", "seconds": 0.5})
    started = time.monotonic()

    with pytest.raises(OSError, match="closed connection"):
        client.query(out_trade_no=number)

    assert 0.5 <= time.monotonic() - started < 5
    assert client.query(out_trade_no=number)[0] == 200


def test_pending_callbacks_survive_a_restart(tmp_path, merchant):
    merchant.statuses = [503]
    first = start_sandbox(state_dir=tmp_path, shop_url=merchant.url, options=("--retry-schedule=1",))
    try:
        number = new_waybill(first, merchant)
        moved = httpx.post(f"{first.url}/couriers/advance", json={"tracking_number": number, "wait": True}).json()
        assert moved["pushed"] == [{"status": 503, "attempts": 1}]
    finally:
        first.stop()

    second = start_sandbox(state_dir=tmp_path, shop_url=merchant.url)
    try:
        again = merchant.wait_for(2)[1]
        assert json.loads(again.body)["tracking_number"] == number
        assert second.env["COURIER_KEY"] == first.env["COURIER_KEY"]
    finally:
        second.stop()
