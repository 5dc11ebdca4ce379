"""Bills of the gateways, downloaded from the sandbox and read."""

import gzip
import tracemalloc
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from orders.payments.errors import BillUnreadable, PaymentGatewayUnavailable
from orders.payments.gateways.base import PrepayRequest, RefundRequest
from orders.payments.gateways.bills import Bill, BillKind, BillState, fen
from orders.payments.gateways.registry import gateway_for
from orders.payments.gateways.wechat_bills import read_lines
from shop.core import clock
from shop.core.numbers import new_number


@pytest.fixture
def wechat(sandbox):
    return gateway_for("wechat")


@pytest.fixture
def paid(sandbox, wechat):
    """Pays so much, by WeChat, now or on another day; returns the payment's number."""

    def pay(amount_fen, **more):
        now = clock.now()
        request = PrepayRequest(
            number=new_number("P", now),
            description="龙井, 明前",
            amount_fen=amount_fen,
            openid=sandbox.user(),
            expires_at=now.replace(year=now.year + 1),
            notify_url="http://127.0.0.1:9/notify",
        )
        prepaid = wechat.prepay(request, now=now)
        sandbox.pay(wechat.client_params(request, prepay_id=prepaid.prepay_id, now=now), **more)
        return request.number

    return pay


def lines_of(gateway, day, numbers):
    with gateway.download_bill(day=day) as bill:
        return [line for line in bill.lines() if line.number in numbers]


def test_a_day_of_payments_as_the_gateway_saw_it(wechat, paid):
    numbers = [paid(1999, success_time="2026-03-05T23:59:59+08:00"), paid(1, success_time="2026-03-05T00:00:00+08:00")]
    last, first = sorted(lines_of(wechat, date(2026, 3, 5), numbers), key=lambda line: -line.amount_fen)
    assert (last.kind, last.number, last.amount_fen, last.state) == (
        BillKind.PAYMENT,
        numbers[0],
        1999,
        BillState.SUCCEEDED,
    )
    # 0.6 % of ¥19.99 is 11.994 fen; of one fen it is nothing.
    assert (last.fee_fen, first.fee_fen) == (12, 0)
    assert last.at == datetime(2026, 3, 5, 15, 59, 59, tzinfo=UTC)
    assert last.transaction_id.startswith("42000")
    assert (last.refund_number, last.refund_id) == ("", "")
    assert lines_of(wechat, date(2026, 3, 6), numbers) == lines_of(wechat, date(2026, 3, 4), numbers) == []


def test_refunds_are_lines_of_their_own(wechat, paid):
    number = paid(5000)
    refund = RefundRequest(new_number("R", clock.now()), number, 1250, 5000, "late", "http://127.0.0.1:9/notify")
    told = wechat.refund(refund)
    [payment, back] = lines_of(wechat, clock.business_day(clock.now()), [number])
    assert payment.kind == BillKind.PAYMENT
    assert (back.kind, back.refund_number, back.amount_fen) == (BillKind.REFUND, refund.number, 1250)
    assert (back.refund_id, back.fee_fen) == (told.refund_id, -8)


def test_a_bill_can_be_read_again(wechat, paid):
    number = paid(700, success_time="2026-03-07T12:00:00+08:00")
    with wechat.download_bill(day=date(2026, 3, 7)) as bill:
        assert list(bill.lines()) == list(bill.lines())
        assert number in {line.number for line in bill.lines()}


def test_a_day_without_movements_has_an_empty_bill(wechat):
    with wechat.download_bill(day=date(2020, 1, 1)) as bill:
        assert (bill.day, list(bill.lines())) == (date(2020, 1, 1), [])


@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "500", "times": 2}, {"kind": "hang", "seconds": 3}])
def test_a_gateway_out_of_order_has_no_bill(sandbox, settings, paid, fault):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    paid(100)
    sandbox.fault("bill", **fault)
    with pytest.raises(PaymentGatewayUnavailable):
        gateway_for("wechat").download_bill(day=clock.business_day(clock.now()))


HEAD = (
    "交易时间,微信订单号,商户订单号,交易状态,商品名称,订单金额,手续费,微信退款单号,商户退款单号,申请退款金额,退款状态"
)


def wechat_bill(rows):
    text = "\r\n".join([HEAD, *rows, "总交易单数,订单总金额", f"`{len(rows)},`1.00", ""])
    file = BytesIO(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    return Bill(day=date(2026, 1, 1), file=file, read=read_lines)


def row(**changes):
    values = {
        "at": "2026-01-01 10:00:00",
        "id": "42000",
        "number": "P1",
        "state": "SUCCESS",
        "goods": "茶, 一罐",
        "amount": "1.00",
        "fee": "0.01000",
        **changes,
    }
    return ",".join(f"`{value}" for value in [*values.values(), "0", "0", "0.00", ""])


def test_a_comma_in_the_goods_ends_no_value():
    [line] = wechat_bill([row()]).lines()
    assert (line.number, line.amount_fen, line.fee_fen) == ("P1", 100, 1)


@pytest.mark.parametrize(
    "odd", [row(amount="1.005"), row(amount="NaN"), row(at="yesterday"), row() + ",`1", "`1,`2", row(fee="")]
)
def test_a_line_that_cannot_be_read_is_said(odd):
    with pytest.raises(BillUnreadable):
        list(wechat_bill([row(), odd]).lines())


def test_a_file_that_is_no_bill_is_said():
    for content in (b"", b"not compressed", gzip.compress(b"x" * 100), gzip.compress(row().encode())[:-9]):
        with pytest.raises(BillUnreadable):
            list(Bill(day=date(2026, 1, 1), file=BytesIO(content), read=read_lines).lines())


def test_a_large_bill_is_read_in_little_memory():
    bill = wechat_bill([row(number=f"P{n}") for n in range(20_000)])
    tracemalloc.start()
    assert sum(line.amount_fen for line in bill.lines()) == 2_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000, peak


@pytest.mark.parametrize(("yuan", "expected"), [("0.01", 1), ("-12.50000", -1250), ("100", 10_000), ("7.1", 710)])
def test_amounts_are_exact(yuan, expected):
    assert fen(yuan) == expected


@pytest.mark.parametrize("odd", ["", "1,000.00", "0.001", "inf", "１.00", " 1.00", "1e2", "--1"])
def test_odd_amounts_are_refused(odd):
    with pytest.raises(ValueError, match="is not a"):
        fen(odd)
