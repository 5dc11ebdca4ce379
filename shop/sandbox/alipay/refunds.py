"""Refunds of Alipay trades.

Owns the `alipay_refunds` table. Always: one refund per trade and `out_request_no`, the same request again moves
nothing; the refunds of a trade never exceed what was paid. A refund takes effect at once; one that is in doubt does
later, and until then its query tells nothing of it.
"""

import time
from sqlite3 import Row
from typing import Any

from shop.sandbox.alipay.notices import BUYER, Notices
from shop.sandbox.alipay.protocol import AlipayRefused, Biz, Method, local, yuan
from shop.sandbox.alipay.trades import Trades, read_amount
from shop.sandbox.clock import parse_instant
from shop.sandbox.deliveries import Delivery
from shop.sandbox.faults import Faults
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.store import Store


class Refunds:
    """The refunds of the merchant; `delay` is how long a refund stays in doubt."""

    def __init__(self, *, store: Store, faults: Faults, trades: Trades, notices: Notices, delay: float) -> None:
        self._store = store
        self._faults = faults
        self._trades = trades
        self._notices = notices
        self._delay = delay

    def methods(self) -> dict[str, Method]:
        return {"alipay.trade.refund": self.refund, "alipay.trade.fastpay.refund.query": self.query}

    def routes(self) -> list[Route]:
        return [Route("POST", "/alipay/past-refunds", self.remember)]

    def remember(self, request: Request) -> Response:
        """POST /alipay/past-refunds {out_request_no, settled_at}: a refund took effect then; for bills of days past."""
        settled_at = parse_instant(request.data.get("settled_at"))
        if settled_at is None:
            raise refused(400, "INVALID_TIME", "settled_at is an RFC 3339 instant.")
        number = str(request.data.get("out_request_no"))
        with self._store.transaction():
            known = self._store.one("SELECT 1 FROM alipay_refunds WHERE out_request_no = ?", number)
            if known is None:
                raise refused(404, "UNKNOWN_REFUND", "There is no refund with this out_request_no.")
            statement = "UPDATE alipay_refunds SET created_at = ?, settles_at = ? WHERE out_request_no = ?"
            self._store.run(statement, settled_at, settled_at, number)
        return answer({"out_request_no": number})

    def refund(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.trade.refund."""
        delivery = None
        with self._store.transaction():
            trade = self._trades.existing(biz)
            amount = read_amount(biz, "refund_amount")
            number = str(biz.get("out_request_no") or trade["out_trade_no"])
            known = self._find(trade, number)
            if known is not None and known["amount"] != amount:
                raise AlipayRefused("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
            moved = False
            if known is None:
                self._check(trade, amount)
                moved = not self._faults.take("alipay_refund", frozenset({"in_doubt"}))
                delivery = self._accept(trade, number, amount, settles_at=time.time() + (0 if moved else self._delay))
            refunded = self._refunded(trade)
        if delivery is not None:
            self._notices.send(delivery)
        return {
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            **BUYER,
            "fund_change": "Y" if moved else "N",
            "refund_fee": yuan(refunded),
        }

    def query(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.trade.fastpay.refund.query; without `refund_status` there is no such refund, or not yet."""
        trade = self._trades.existing(biz)
        refund = self._find(trade, str(biz.get("out_request_no", "")))
        if refund is None or refund["settles_at"] > time.time():
            return {}
        return {
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "out_request_no": refund["out_request_no"],
            "total_amount": yuan(trade["total"]),
            "refund_amount": yuan(refund["amount"]),
            "refund_status": "REFUND_SUCCESS",
            "gmt_refund_pay": local(refund["settles_at"]),
        }

    def _check(self, trade: Row, amount: int) -> None:
        if trade["paid_at"] is None:
            raise AlipayRefused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if self._refunded(trade) + amount > trade["total"]:
            raise AlipayRefused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if self._faults.take("alipay_refund", frozenset({"not_enough"})):
            raise AlipayRefused("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")

    def _accept(self, trade: Row, number: str, amount: int, *, settles_at: float) -> Delivery:
        self._store.insert(
            "alipay_refunds",
            out_trade_no=trade["out_trade_no"],
            out_request_no=number,
            amount=amount,
            created_at=time.time(),
            settles_at=settles_at,
        )
        refunded = self._refunded(trade)
        if refunded == trade["total"]:
            self._store.run(
                "UPDATE alipay_trades SET state = 'TRADE_CLOSED' WHERE out_trade_no = ?", trade["out_trade_no"]
            )
        return self._notices.refunded(trade, out_request_no=number, refunded=refunded, at=settles_at)

    def _find(self, trade: Row, number: str) -> Row | None:
        return self._store.one(
            "SELECT * FROM alipay_refunds WHERE out_trade_no = ? AND out_request_no = ?", trade["out_trade_no"], number
        )

    def _refunded(self, trade: Row) -> int:
        found = self._store.one(
            "SELECT coalesce(sum(amount), 0) AS amount FROM alipay_refunds WHERE out_trade_no = ?",
            trade["out_trade_no"],
        )
        assert found is not None
        amount: int = found["amount"]
        return amount
