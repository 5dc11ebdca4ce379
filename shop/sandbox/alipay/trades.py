"""Alipay trades: announced by the merchant, opened and paid by the payer, queried, closed.

Owns the `alipay_trades` table. Always: one trade per `out_trade_no`, paid at most once. What the merchant announced
does not exist for queries and closing until the payer opens it, and until `time_expire` nobody can keep the payer from
doing so; an opened trade closes by itself at `time_expire`.
"""

import json
import re
import secrets
import time
from sqlite3 import Row
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from shop.sandbox.alipay.notices import BUYER, Notices
from shop.sandbox.alipay.protocol import (
    AlipayRefused,
    Biz,
    Method,
    Protocol,
    business,
    from_local,
    invalid,
    local,
    yuan,
)
from shop.sandbox.clock import parse_instant
from shop.sandbox.deliveries import Delivery, attempted
from shop.sandbox.faults import Faults
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store

WAIT_SECONDS = 30.0
QR_CODE = "https://qr.alipay.com/bax"
_NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)


class Trades:
    """The trades of the merchant."""

    def __init__(self, *, store: Store, faults: Faults, protocol: Protocol, notices: Notices) -> None:
        self._store = store
        self._faults = faults
        self._protocol = protocol
        self._notices = notices

    def methods(self) -> dict[str, Method]:
        return {
            "alipay.trade.precreate": self.announce,
            "alipay.trade.query": self.query,
            "alipay.trade.close": self.close,
        }

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/alipay/open", self.open),
            Route("POST", "/alipay/pay", self.pay),
        ]

    def announce(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.trade.precreate; the same request again gets the same code."""
        columns = _read_trade(biz, params)
        fingerprint = json.dumps(columns, sort_keys=True)
        with self._store.transaction():
            known = self.find(columns["out_trade_no"])
            if known is None:
                if columns["expires_at"] <= time.time():
                    raise AlipayRefused("ACQ.INVALID_PARAMETER", "参数无效：time_expire早于当前时间")
                self._store.insert(
                    "alipay_trades",
                    **columns,
                    qr_code=QR_CODE + random_text(20).lower(),
                    request=fingerprint,
                    state="ANNOUNCED",
                    created_at=time.time(),
                )
            elif known["request"] != fingerprint:
                raise AlipayRefused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            elif state(known) == "TRADE_CLOSED":
                raise AlipayRefused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
            elif known["paid_at"] is not None:
                raise AlipayRefused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
            trade = self.require(columns["out_trade_no"])
        return {"out_trade_no": trade["out_trade_no"], "qr_code": trade["qr_code"]}

    def query(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.trade.query."""
        trade = self.existing(biz)
        described = {
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "trade_status": state(trade),
            "total_amount": yuan(trade["total"]),
            "buyer_user_id": trade["buyer_id"],
            **BUYER,
        }
        return described | ({"send_pay_date": local(trade["paid_at"])} if trade["paid_at"] is not None else {})

    def close(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.trade.close. The fault `orderpaid` lets the payer pay just before."""
        delivery = None
        with self._store.transaction():
            if self._faults.take("alipay_close", frozenset({"orderpaid"})):
                announced = self.find(str(biz.get("out_trade_no")))
                if announced is not None and announced["paid_at"] is None:
                    delivery = self._settle(announced["out_trade_no"], paid_at=time.time())
            trade = self.existing(biz)
            if open_ := state(trade) == "WAIT_BUYER_PAY":
                self._store.run(
                    "UPDATE alipay_trades SET state = 'TRADE_CLOSED' WHERE out_trade_no = ?", trade["out_trade_no"]
                )
        if delivery is not None:
            self._notices.send(delivery)
        if not open_:
            raise AlipayRefused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        return {"trade_no": trade["trade_no"], "out_trade_no": trade["out_trade_no"]}

    def open(self, request: Request) -> Response:
        """POST /alipay/open {out_trade_no}: the payer looks at it in Alipay; from now on it exists."""
        with self._store.transaction():
            trade = self._payable(request.data)
            self._open(trade)
        return answer({"out_trade_no": trade["out_trade_no"], "trade_status": "WAIT_BUYER_PAY"})

    def pay(self, request: Request) -> Response:
        """POST /alipay/pay {out_trade_no, client_params?, success_time?, wait?}: the payer pays.

        Of `client_params` what the merchant signed is checked as Alipay would; `success_time` dates the payment back;
        `wait` tells in `notified` what the shop answered to the first attempt.
        """
        data = request.data
        paid_at = parse_instant(data["success_time"]) if "success_time" in data else time.time()
        if paid_at is None or paid_at > time.time():
            raise refused(400, "INVALID_TIME", "success_time is an RFC 3339 instant, not in the future.")
        with self._store.transaction():
            number = self._payable(data)["out_trade_no"]
            delivery = self._settle(number, paid_at=paid_at)
            paid = self.require(number)
        self._notices.send(delivery)
        result: dict[str, object] = {name: paid[name] for name in ("out_trade_no", "trade_no")}
        result |= {"trade_status": "TRADE_SUCCESS", "total": paid["total"]}
        if data.get("wait") is True:
            result["notified"] = attempted(delivery, timeout=WAIT_SECONDS)
        return answer(result)

    def find(self, out_trade_no: str) -> Row | None:
        return self._store.one("SELECT * FROM alipay_trades WHERE out_trade_no = ?", out_trade_no)

    def require(self, out_trade_no: str) -> Row:
        trade = self.find(out_trade_no)
        if trade is None:
            raise refused(404, "UNKNOWN_TRADE", "There is no trade with this out_trade_no.")
        return trade

    def existing(self, biz: Biz) -> Row:
        """The trade that a method names, once the payer has opened it."""
        column = "trade_no" if biz.get("trade_no") else "out_trade_no"
        trade = self._store.one(f"SELECT * FROM alipay_trades WHERE {column} = ?", str(biz.get(column, "")))
        if trade is None or trade["trade_no"] is None:
            raise AlipayRefused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def _payable(self, data: dict[str, Any]) -> Row:
        trade = self.require(str(data.get("out_trade_no")))
        if data.get("client_params") is not None:
            self._check_client_params(trade, data["client_params"])
        if trade["paid_at"] is not None:
            raise refused(409, "ORDERPAID", "The trade is paid already.")
        if state(trade) == "TRADE_CLOSED":
            raise refused(409, "ORDER_CLOSED", "The trade is closed.")
        if trade["expires_at"] <= time.time():
            raise refused(409, "ORDER_EXPIRED", "time_expire has passed.")
        return trade

    def _check_client_params(self, trade: Row, client_params: object) -> None:
        told = client_params if isinstance(client_params, dict) else {}
        strings = {
            "alipay.trade.app.pay": str(told.get("order_string", "")),
            "alipay.trade.wap.pay": urlsplit(str(told.get("pay_url", ""))).query,
        }
        for method, text in strings.items():
            params = dict(parse_qsl(text, keep_blank_values=True))
            try:
                self._protocol.check(params)
                wanted = _read_trade(business(params), params)
            except AlipayRefused as refusal:
                raise refused(400, "INVALID_PAY_SIGN", f"{method}: {refusal}") from refusal
            same = all(wanted[name] == trade[name] for name in ("out_trade_no", "total", "expires_at", "notify_url"))
            if params.get("method") != method or not same:
                raise refused(400, "INVALID_PAY_PARAMS", f"{method} asks for something else than was announced.")
        if told.get("qr_code") != trade["qr_code"]:
            raise refused(400, "INVALID_PAY_PARAMS", "qr_code is not that of the trade.")

    def _open(self, trade: Row) -> None:
        if trade["trade_no"] is None:
            self._store.run(
                "UPDATE alipay_trades SET state = 'WAIT_BUYER_PAY', trade_no = ?, buyer_id = ? WHERE out_trade_no = ?",
                f"{time.strftime('%Y%m%d', time.gmtime(time.time() + 8 * 3600))}22001{secrets.randbelow(10**15):015d}",
                f"2088{secrets.randbelow(10**12):012d}",
                trade["out_trade_no"],
            )

    def _settle(self, out_trade_no: str, *, paid_at: float) -> Delivery:
        """Take the money and write the notification down; the caller saw in this transaction that it is unpaid."""
        self._open(self.require(out_trade_no))
        self._store.run(
            "UPDATE alipay_trades SET state = 'TRADE_SUCCESS', paid_at = ? WHERE out_trade_no = ?",
            paid_at,
            out_trade_no,
        )
        return self._notices.paid(self.require(out_trade_no))


def state(trade: Row) -> str:
    """What Alipay calls the state of a trade now."""
    known: str = trade["state"]
    return "TRADE_CLOSED" if known == "WAIT_BUYER_PAY" and trade["expires_at"] <= time.time() else known


def read_amount(biz: Biz, name: str) -> int:
    """An amount of the business content in fen."""
    found = _AMOUNT.fullmatch(str(biz.get(name, "")))
    amount = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not amount:
        raise AlipayRefused("ACQ.INVALID_PARAMETER", f"参数无效：{name}")
    return amount


def _read_trade(biz: Biz, params: dict[str, str]) -> dict[str, Any]:
    number, expires_at = str(biz.get("out_trade_no", "")), from_local(biz.get("time_expire"))
    subject, url = str(biz.get("subject", "")), params.get("notify_url", "")
    if not _NUMBER.fullmatch(number) or expires_at is None or not 0 < len(subject) <= 256:
        raise AlipayRefused("ACQ.INVALID_PARAMETER", "参数无效：out_trade_no、time_expire或subject")
    if urlsplit(url).scheme not in ("http", "https"):
        raise invalid("isv.invalid-parameter", "notify_url无效")
    total = read_amount(biz, "total_amount")
    return {"out_trade_no": number, "total": total, "subject": subject, "notify_url": url, "expires_at": expires_at}
