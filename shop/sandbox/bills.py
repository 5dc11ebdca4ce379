"""WeChat Pay v3 trade bills: one CSV file a day of what was paid and what was refunded.

Owns the `bill_files` table. Payments count on the day they were paid, refunds on the day they were accepted, days are
those of China. Unlike the real gateway, which has a bill ready by ten the next morning, today's can be had too, so
that a reconciliation can be tried at once.
"""

import gzip
import hashlib
import re
import time
from datetime import datetime, timedelta
from sqlite3 import Row
from typing import Any

from shop.sandbox.clock import CHINA
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.refunds import refund_status
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store
from shop.sandbox.wechatpay_auth import WechatPayAuth

FILE_SECONDS = 300
FEE_BP = 60
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"
    "交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额"
)
_REFUND = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_GOODS = "商品名称,商户数据包,手续费,费率,订单金额"
COLUMNS = {
    "ALL": f"{_HEAD},{_REFUND},{_GOODS},申请退款金额,费率备注",
    "SUCCESS": f"{_HEAD},{_GOODS},费率备注",
    "REFUND": f"{_HEAD},退款申请时间,退款成功时间,{_REFUND},{_GOODS},申请退款金额,费率备注",
}
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
REFUND_STATES = {"SUCCESS": "SUCCESS", "PROCESSING": "PROCESSING", "ABNORMAL": "CHANGE"}
# Amounts are kept in fen, and fees in thousandths of a fen, until they are written.
Line = dict[str, Any]


class Bills:
    """Draws up bills and hands the files out."""

    def __init__(self, *, store: Store, accounts: Accounts, faults: Faults, auth: WechatPayAuth) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self._auth = auth
        self.base_url = ""

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/v3/bill/tradebill", self._auth.endpoint(self.request_bill), ("wechat_pay", "bill")),
            Route("GET", "/v3/billdownload/file", self._auth.file_endpoint(self.download), ("wechat_pay", "bill")),
        ]

    def request_bill(self, request: Request) -> Response:
        """GET /v3/bill/tradebill?bill_date=&bill_type=ALL|SUCCESS|REFUND&tar_type=GZIP."""
        query = request.query
        day = _day(query.get("bill_date", ""))
        bill_type, tar_type = query.get("bill_type", "ALL"), query.get("tar_type")
        if bill_type not in COLUMNS or tar_type not in (None, "GZIP"):
            raise refused(400, "PARAM_ERROR", "bill_type应为ALL、SUCCESS或REFUND，tar_type应为GZIP或不填")
        lines = self._strike(self._lines(day, bill_type=bill_type))
        if not lines:
            raise refused(400, "NO_STATEMENT_EXIST", "账单文件不存在，请检查当前商户号在指定日期内是否有成功的交易")
        content = _csv(lines, bill_type=bill_type).encode()
        token = random_text(64)
        with self._store.transaction():
            self._store.run("DELETE FROM bill_files WHERE expires_at < ?", time.time())
            stored = gzip.compress(content) if tar_type else content
            self._store.insert("bill_files", token=token, content=stored, expires_at=time.time() + FILE_SECONDS)
        url = f"{self.base_url}/v3/billdownload/file?token={token}"
        return answer({"download_url": url, "hash_type": "SHA1", "hash_value": hashlib.sha1(content).hexdigest()})

    def download(self, request: Request) -> Response:
        """GET /v3/billdownload/file?token=."""
        found = self._store.one(
            "SELECT content FROM bill_files WHERE token = ? AND expires_at > ?",
            request.query.get("token", ""),
            time.time(),
        )
        if found is None:
            raise refused(403, "NO_AUTH", "下载地址无效或已过期，请重新申请账单")
        return Response(200, found["content"], "application/octet-stream")

    def _lines(self, day: datetime, *, bill_type: str) -> list[Line]:
        start, end = day.timestamp(), (day + timedelta(days=1)).timestamp()
        lines: list[Line] = []
        if bill_type != "REFUND":
            paid = self._store.all(
                "SELECT * FROM transactions WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at", start, end
            )
            lines += [self._payment_line(trade) for trade in paid]
        if bill_type != "SUCCESS":
            refunds = self._store.all(
                "SELECT r.*, t.transaction_id, t.openid, t.description, t.attach, t.total FROM refunds r"
                " JOIN transactions t USING (out_trade_no)"
                " WHERE r.created_at >= ? AND r.created_at < ? ORDER BY r.created_at",
                start,
                end,
            )
            lines += [self._refund_line(refund) for refund in refunds]
        return lines

    def _payment_line(self, trade: Row) -> Line:
        amounts = {"应结订单金额": trade["total"], "订单金额": trade["total"], "手续费": _fee(trade["total"])}
        return self._common(trade) | {"交易时间": _local(trade["paid_at"]), "交易状态": "SUCCESS"} | amounts

    def _refund_line(self, refund: Row) -> Line:
        status = refund_status(refund, now=time.time())
        return self._common(refund) | {
            "交易时间": _local(refund["created_at"]),
            "交易状态": "REFUND",
            "退款申请时间": _local(refund["created_at"]),
            "退款成功时间": _local(refund["settles_at"]) if status == "SUCCESS" else "",
            "微信退款单号": refund["refund_id"],
            "商户退款单号": refund["out_refund_no"],
            "退款类型": "ORIGINAL",
            "退款状态": REFUND_STATES[status],
            "退款金额": refund["amount"],
            "申请退款金额": refund["amount"],
            "手续费": -_fee(refund["amount"]),
        }

    def _common(self, row: Row) -> Line:
        """The columns that payments and refunds share, and the empty values of the others."""
        amounts = dict.fromkeys(
            ("应结订单金额", "代金券金额", "退款金额", "充值券退款金额", "订单金额", "申请退款金额"), 0
        )
        return amounts | {
            "公众账号ID": self._accounts.app_id,
            "商户号": self._accounts.mch_id,
            "特约商户号": "0",
            "微信订单号": row["transaction_id"],
            "商户订单号": row["out_trade_no"],
            "用户标识": row["openid"],
            "交易类型": "JSAPI",
            "付款银行": "OTHERS",
            "货币种类": "CNY",
            "微信退款单号": "0",
            "商户退款单号": "0",
            "商品名称": _escaped(row["description"]),
            "商户数据包": _escaped(row["attach"]),
            "费率": f"{FEE_BP / 100:.2f}%",
        }

    def _strike(self, lines: list[Line]) -> list[Line]:
        """Let a fault make the bill differ: an amount a fen too high, a line left out, or one that nobody ordered."""
        fault = self._faults.take("bill", frozenset({"amount", "missing", "extra"}))
        if fault is None or not lines:
            return lines
        first, rest = lines[0], lines[1:]
        if fault.kind == "missing":
            return rest
        if fault.kind == "extra":
            return [first | {"商户订单号": f"UNKNOWN{random_text(12)}", "微信订单号": f"42000{time.time_ns()}"}, *lines]
        name = "订单金额" if first["交易状态"] == "SUCCESS" else "申请退款金额"
        return [first | {name: first[name] + 1}, *rest]


def _day(text: str) -> datetime:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            day = datetime.fromisoformat(text).replace(tzinfo=CHINA)
        except ValueError:
            pass
        else:
            if day <= datetime.now(CHINA):
                return day
    raise refused(400, "PARAM_ERROR", "bill_date格式应为yyyy-MM-dd，且不晚于当天")


def _csv(lines: list[Line], *, bill_type: str) -> str:
    columns = COLUMNS[bill_type].split(",")
    rows = [[_written(name, line.get(name, "")) for name in columns] for line in lines]
    sums = {
        name: sum(line[name] for line in lines)
        for name in ("应结订单金额", "退款金额", "充值券退款金额", "手续费", "订单金额", "申请退款金额")
    }
    summary = [str(len(lines)), *(_written(name, value) for name, value in sums.items())]
    text = [COLUMNS[bill_type], *(_row(row) for row in rows), SUMMARY, _row(summary)]
    return "".join(f"{line}\r\n" for line in text)


def _row(values: list[str]) -> str:
    """Each value is led by a backtick, which keeps spreadsheets from reading long numbers as fractions."""
    return ",".join(f"`{value}" for value in values)


def _written(name: str, value: object) -> str:
    if not isinstance(value, int):
        return str(value)
    sign, amount = ("-" if value < 0 else ""), abs(value)
    if name == "手续费":
        return f"{sign}{amount // 100_000}.{amount % 100_000:05d}"
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def _fee(amount: int) -> int:
    """The fee in thousandths of a fen, rounded half up to a whole fen as the gateway does."""
    return (amount * FEE_BP + 5_000) // 10_000 * 1_000


def _local(instant: float) -> str:
    return datetime.fromtimestamp(int(instant), CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _escaped(text: str) -> str:
    """Commas and line breaks would end a value."""
    return text.replace("\\", "\\\\").replace(",", "\\ ").replace("\r", "\\r").replace("\n", "\\n")
