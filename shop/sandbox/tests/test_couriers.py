"""Waybills, signed both ways, and parcels that move."""

import json
import time

import pytest

from shop.sandbox.tests.clients import courier_headers, new_number, new_waybill


@pytest.fixture
def call(http, sandbox):
    """Send a signed request to the couriers."""

    def called(method, path, data=None, *, timestamp=None, alter=b""):
        body = b"" if data is None else json.dumps(data).encode()
        headers = courier_headers(sandbox.env["COURIER_KEY"], body, timestamp=timestamp)
        return http.request(method, path, content=body + alter, headers=headers)

    return called


@pytest.fixture
def number(sandbox, merchant):
    return new_waybill(sandbox, merchant)


def advance(http, number, **more):
    return http.post("/couriers/advance", json={"tracking_number": number, "wait": True, **more})


def test_a_waybill_is_booked_once_per_reference(call, merchant):
    waybill = {"reference": new_number("S"), "carrier": "ZTO", "callback_url": merchant.url}

    first = call("POST", "/couriers/waybills", waybill)
    again = call("POST", "/couriers/waybills", waybill)
    other = call("POST", "/couriers/waybills", waybill | {"carrier": "JD"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert first.json()["tracking_number"].startswith("ZTO")


@pytest.mark.parametrize("change", [{"timestamp": str(int(time.time()) - 3600)}, {"timestamp": "now"}, {"alter": b" "}])
def test_unsigned_requests_book_nothing(call, merchant, change):
    waybill = {"reference": new_number("U"), "carrier": "SF", "callback_url": merchant.url}

    assert call("POST", "/couriers/waybills", waybill, **change).status_code == 401

    assert call("POST", "/couriers/waybills", waybill).status_code == 201


@pytest.mark.parametrize(
    "change", [{"reference": ""}, {"reference": 5}, {"carrier": None}, {"callback_url": "nowhere"}]
)
def test_bad_waybills_are_refused(call, merchant, change):
    waybill = {"reference": new_number("B"), "carrier": "SF", "callback_url": merchant.url}

    assert call("POST", "/couriers/waybills", waybill | change).status_code == 400


def test_a_parcel_passes_every_state_and_tells_each_one(http, call, number, merchant, sandbox):
    moved = advance(http, number, to="delivered").json()

    states = ["picked_up", "in_transit", "out_for_delivery", "delivered"]
    assert moved["state"] == "delivered"
    assert moved["pushed"] == [{"status": 204, "attempts": 1}] * 4
    bodies = [json.loads(callback.body) for callback in merchant.received]
    assert [body["state"] for body in bodies] == states
    assert [body["sequence"] for body in bodies] == [2, 3, 4, 5]
    assert len({body["event_id"] for body in bodies}) == 4
    for callback in merchant.received:
        signed = courier_headers(sandbox.env["COURIER_KEY"], callback.body, timestamp=callback.headers["X-Timestamp"])
        assert callback.headers["X-Signature"] == signed["X-Signature"]
        assert callback.path == "/tracking"
    track = call("GET", f"/couriers/tracks/{number}").json()
    assert [event["state"] for event in track["events"]] == ["created", *states]


def test_steps_exceptions_and_returns(http, call, number):
    assert advance(http, number).json()["state"] == "picked_up"
    assert advance(http, number, to="exception").json()["state"] == "exception"
    assert advance(http, number).json()["state"] == "in_transit"
    behind = advance(http, number, to="picked_up")
    assert (behind.status_code, behind.json()["code"]) == (409, "NOT_AHEAD")
    assert advance(http, number, to="returned").json()["state"] == "returned"
    assert advance(http, number).json()["code"] == "JOURNEY_ENDED"
    events = call("GET", f"/couriers/tracks/{number}").json()["events"]
    assert [event["state"] for event in events] == ["created", "picked_up", "exception", "in_transit", "returned"]


def test_a_waybill_can_be_cancelled_until_it_is_picked_up(http, call, number, sandbox, merchant):
    for _ in range(2):
        assert call("POST", f"/couriers/waybills/{number}/cancel").json()["state"] == "cancelled"
    assert advance(http, number).json()["code"] == "JOURNEY_ENDED"
    moving = new_waybill(sandbox, merchant)
    advance(http, moving)
    assert call("POST", f"/couriers/waybills/{moving}/cancel").status_code == 409


def test_a_parcel_from_elsewhere_is_reported_on_once_asked_for(http, call, merchant):
    number = f"OWN{time.time_ns()}"
    asked = {"tracking_number": number, "carrier": "SF", "callback_url": merchant.url}
    assert call("GET", f"/couriers/tracks/{number}").status_code == 404
    assert [call("POST", "/couriers/subscriptions", asked).status_code for _ in range(2)] == [201, 200]
    other = call("POST", "/couriers/subscriptions", asked | {"carrier": "ZTO"})
    assert (other.status_code, other.json()["code"]) == (409, "OTHER_CARRIER")
    assert call("POST", "/couriers/subscriptions", asked | {"tracking_number": "?"}).status_code == 400
    assert advance(http, number).json()["pushed"] == [{"status": 204, "attempts": 1}]
    assert json.loads(merchant.received[0].body)["tracking_number"] == number


def test_pushes_can_be_reordered_and_lost(http, number, merchant):
    http.post("/faults", json={"target": "courier_push", "kind": "lose"})
    http.post("/faults", json={"target": "courier_push", "kind": "reorder"})

    http.post("/couriers/advance", json={"tracking_number": number, "to": "delivered"})

    # picked_up is lost; in_transit waits until another one has gone.
    states = [json.loads(callback.body)["state"] for callback in merchant.wait_for(3)]
    assert states[0] == "out_for_delivery"
    assert sorted(states) == ["delivered", "in_transit", "out_for_delivery"]
    assert merchant.stays_at(3)


def test_bad_moves_are_refused(http, number, merchant):
    assert http.post("/couriers/advance", json={"tracking_number": "SF0"}).status_code == 404
    assert http.post("/couriers/advance", json={}).status_code == 404
    assert http.post("/couriers/advance", json={"tracking_number": number, "to": "moon"}).status_code == 400
    assert merchant.stays_at(0, seconds=0.2)


def test_a_history_can_be_told_without_pushes(http, call, merchant, number):
    told = advance(http, number, to="picked_up", at="2026-03-01T08:00:00+08:00", push=False).json()
    advance(http, number, at="2026-03-02T09:30:00+08:00", push=False)

    assert told["pushed"] == []
    events = call("GET", f"/couriers/tracks/{number}").json()["events"]
    assert [(event["state"], event["at"][:16]) for event in events] == [
        ("created", "2026-03-01T08:00"),
        ("picked_up", "2026-03-01T08:00"),
        ("in_transit", "2026-03-02T09:30"),
    ]


@pytest.mark.parametrize("at", ["yesterday", "2026-03-01T08:00:00", "2999-01-01T00:00:00+08:00", 5])
def test_a_moment_that_cannot_be_is_refused(http, number, at):
    assert advance(http, number, at=at).status_code == 400
