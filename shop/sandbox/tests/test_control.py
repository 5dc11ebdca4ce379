"""Control paths: what is wrong gets a clear answer."""

import socket

import pytest


def test_the_page_and_the_health_check(http):
    page = http.get("/")

    assert page.headers["content-type"].startswith("text/html")
    assert "POST /wechat/pay" in page.text
    assert http.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"target": "moon", "kind": "lose"}, "UNKNOWN_TARGET"),
        ({"target": "sms", "kind": "lose"}, "UNKNOWN_KIND"),
        ({"target": "sms"}, "UNKNOWN_KIND"),
        ({"target": "sms", "kind": "500", "times": 0}, "INVALID_FIELD"),
        ({"target": "sms", "kind": "500", "times": "3"}, "INVALID_FIELD"),
        ({"target": "sms", "kind": "hang", "seconds": -1}, "INVALID_FIELD"),
        ({"target": "sms", "kind": "500", "after": "yes"}, "INVALID_FIELD"),
        ({"target": "sms", "kind": "500", "tmies": 3}, "UNKNOWN_FIELD"),
    ],
)
def test_bad_faults_are_refused(http, body, code):
    answer = http.post("/faults", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert http.get("/faults").json() == []


def test_a_fault_counts_down_and_can_be_cleared(http):
    http.post("/faults", json={"target": "sms", "kind": 500, "times": 2})

    statuses = [http.post("/sms/send", json={}).status_code for _ in range(3)]
    http.post("/faults", json={"target": "sms", "kind": "500", "times": 5})
    http.delete("/faults")

    assert statuses == [500, 500, 401]
    assert http.post("/sms/send", json={}).status_code == 401


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff", b"1"])
def test_bodies_that_are_no_json_object_are_refused(http, content):
    answer = http.post("/wechat/pay", content=content)

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON")


def test_unknown_things_are_refused(http):
    assert http.post("/wechat/pay", json={"prepay_id": "wx0"}).status_code == 404
    assert http.post("/wechat/pay", json={"prepay_id": 5}).status_code == 404
    assert http.post("/wechat/pay", json={}).status_code == 404
    assert http.post("/wechat/probe", json={"out_trade_no": "UNKNOWN1"}).status_code == 404
    assert http.get("/nowhere").status_code == 404
    assert http.get("/wechat/pay").status_code == 405
    assert http.post("/faults", content=b" " * 1_000_001).status_code == 413


def test_connections_are_kept_alive(sandbox):
    request = b"GET /health HTTP/1.1\r\nHost: sandbox\r\n\r\n"
    address = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=5) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
