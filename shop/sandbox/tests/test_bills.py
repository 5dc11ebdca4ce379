"""The daily bill: the format of the real one, and the differences a fault puts in."""

import gzip
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

_days_ago = count(100)


def read_bill(client, *, day, bill_type="ALL", tar_type="GZIP"):
    status, answer = client.trade_bill(bill_date=day, bill_type=bill_type, tar_type=tar_type)
    assert status == 200, answer
    bill = json.loads(answer)
    status, content = client.download_bill(url=bill["download_url"])
    assert status == 200
    content = gzip.decompress(content)
    assert hashlib.sha1(content).hexdigest() == bill["hash_value"]
    lines = content.decode().split("\r\n")
    assert lines.pop() == ""
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:-2]]
    return rows, dict(zip(lines[-2].split(","), lines[-1].split(","), strict=True))


@pytest.fixture
def paid_on(place, http, pay_day):
    def paid(total):
        number, prepay_id = place(total, attach="a,b")
        http.post("/wechat/pay", json={"prepay_id": prepay_id, "success_time": f"{pay_day}T23:59:59+08:00"})
        return number

    return paid


@pytest.fixture
def pay_day():
    """A past day of its own for each test."""
    return (datetime.now(UTC) - timedelta(days=next(_days_ago))).strftime("%Y-%m-%d")


def test_a_day_of_payments(client, paid_on, pay_day):
    numbers = [paid_on(1999), paid_on(1)]

    rows, summary = read_bill(client, day=pay_day, bill_type="SUCCESS")

    mine = [row for row in rows if row["商户订单号"].removeprefix("`") in numbers]
    assert [row["订单金额"] for row in mine] == ["`19.99", "`0.01"]
    assert mine[0]["交易时间"] == f"`{pay_day} 23:59:59"
    assert mine[0]["手续费"] == "`0.12000"
    assert mine[0]["商户数据包"] == "`a\\ b"
    assert (summary["总交易单数"], summary["订单总金额"]) == ("`2", "`20.00")


def test_refunds_are_lines_of_their_own(client, pay):
    number = pay(5000)
    client.refund(
        out_refund_no=f"{number}-1", out_trade_no=number, amount={"refund": 1250, "total": 5000, "currency": "CNY"}
    )
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))

    rows, _ = read_bill(client, day=today)

    mine = [row for row in rows if row["商户订单号"] == f"`{number}"]
    assert [row["交易状态"] for row in mine] == ["`SUCCESS", "`REFUND"]
    assert mine[1]["商户退款单号"] == f"`{number}-1"
    assert (mine[1]["申请退款金额"], mine[1]["订单金额"], mine[1]["手续费"]) == ("`12.50", "`0.00", "`-0.08000")


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [("difference", ["`5.01", "`7.00"]), ("missing", ["`7.00"]), ("extra", ["`5.00"] * 2 + ["`7.00"])],
)
def test_a_fault_makes_the_bill_differ_once(client, paid_on, pay_day, http, kind, amounts):
    paid_on(500)
    paid_on(700)
    http.post("/faults", json={"target": "bill", "kind": kind, "times": 1})

    struck, _ = read_bill(client, day=pay_day)
    healed, _ = read_bill(client, day=pay_day)

    assert [row["订单金额"] for row in struck] == amounts
    assert [row["订单金额"] for row in healed] == ["`5.00", "`7.00"]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2010-01-01", "NO_STATEMENT_EXIST"),
        ("2999-01-01", "PARAM_ERROR"),
        ("20260101", "PARAM_ERROR"),
        ("2026-02-30", "PARAM_ERROR"),
    ],
)
def test_days_without_a_bill(client, day, code):
    status, answer = client.trade_bill(bill_date=day)

    assert (status, json.loads(answer)["code"]) == (400, code)
