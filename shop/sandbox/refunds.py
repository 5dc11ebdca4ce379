"""WeChat Pay v3 refunds.

Owns the `refunds` table. Always: one refund per `out_refund_no`, the same request again answers the same refund; the
refunds of a transaction never exceed what was paid; acceptance is not success: a refund is PROCESSING until
`settles_at` and has its outcome from then on, by the clock alone.
"""

import json
import re
import secrets
import time
from sqlite3 import Row
from typing import Any

from shop.sandbox import fields
from shop.sandbox.clock import china_time, parse_instant
from shop.sandbox.deliveries import Delivery
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.notifications import Notifications
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.store import Store
from shop.sandbox.wechatpay_auth import WechatPayAuth

RECEIVED_BY = "支付用户零钱"
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


def refund_status(refund: Row, *, now: float) -> str:
    """Return the status of a refund at an instant."""
    status: str = refund["outcome"] if refund["settles_at"] <= now else "PROCESSING"
    return status


class Refunds:
    """The refunds of the merchant."""

    def __init__(
        self,
        *,
        store: Store,
        accounts: Accounts,
        faults: Faults,
        auth: WechatPayAuth,
        notifications: Notifications,
        delay: float,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self._auth = auth
        self._notifications = notifications
        self._delay = delay

    def routes(self) -> list[Route]:
        base, signed, struck = "/v3/refund/domestic/refunds", self._auth.endpoint, ("wechat_pay", "refund")
        return [
            Route("POST", base, signed(self.apply), struck),
            Route("GET", f"{base}/{{out_refund_no}}", signed(self.query), ("wechat_pay",)),
            Route("POST", f"{base}/{{refund_id}}/apply-abnormal-refund", signed(self.apply_abnormal), struck),
            Route("POST", "/wechat/past-refunds", self.remember),
        ]

    def apply(self, request: Request) -> Response:
        """POST /v3/refund/domestic/refunds; accepted at once, settled a little later."""
        columns, trade_column, trade_number = _read_refund(request.data)
        fingerprint = json.dumps(request.data, sort_keys=True, ensure_ascii=False)
        with self._store.transaction():
            known = self._store.one("SELECT * FROM refunds WHERE out_refund_no = ?", columns["out_refund_no"])
            if known is not None:
                if known["request"] != fingerprint:
                    raise refused(400, "INVALID_REQUEST", "商户退款单号重复，且与原请求参数不一致")
                return answer(self._describe(known))
            trade = self._store.one(f"SELECT * FROM transactions WHERE {trade_column} = ?", trade_number)
            self._check_refundable(trade, columns=columns, total=fields.fen(request.data, "/amount/total"))
            assert trade is not None
            refund, delivery = self._accept(trade, columns=columns, fingerprint=fingerprint)
        if delivery is not None:
            self._notifications.send(delivery)
        return answer(self._describe(refund))

    def query(self, request: Request, *, out_refund_no: str) -> Response:
        """GET /v3/refund/domestic/refunds/{out_refund_no}."""
        return answer(self._describe(self._require("out_refund_no", out_refund_no)))

    def apply_abnormal(self, request: Request, *, refund_id: str) -> Response:
        """POST …/{refund_id}/apply-abnormal-refund {out_refund_no, type}: send an ABNORMAL refund another way."""
        kind = fields.text(request.data, "/type", most=32)
        if kind not in ("USER_BANK_CARD", "MERCHANT_BANK_CARD"):
            raise fields.param_error("/type", kind, "应为USER_BANK_CARD或MERCHANT_BANK_CARD")
        now = time.time()
        with self._store.transaction():
            refund = self._require("refund_id", refund_id)
            if refund["out_refund_no"] != fields.text(request.data, "/out_refund_no", most=64):
                raise fields.param_error("/out_refund_no", request.data["out_refund_no"], "与退款单不一致")
            if refund_status(refund, now=now) != "ABNORMAL":
                raise refused(400, "INVALID_REQUEST", "该退款单状态不是退款异常")
            self._store.run(
                "UPDATE refunds SET outcome = 'SUCCESS', settles_at = ? WHERE refund_id = ?",
                now + self._delay,
                refund_id,
            )
            refund = self._require("refund_id", refund_id)
            delivery = self._notify_later(refund)
        if delivery is not None:
            self._notifications.send(delivery)
        return answer(self._describe(refund))

    def remember(self, request: Request) -> Response:
        """POST /wechat/past-refunds {out_refund_no, taken_at, settled_at}: a refund was taken in and settled then.

        For a history of refunds, and for bills of days gone by.
        """
        moments = [parse_instant(request.data.get(name)) for name in ("taken_at", "settled_at")]
        if None in moments:
            raise refused(400, "INVALID_TIME", "taken_at and settled_at are RFC 3339 instants.")
        number = str(request.data.get("out_refund_no"))
        with self._store.transaction():
            self._require("out_refund_no", number)
            self._store.run(
                "UPDATE refunds SET created_at = ?, settles_at = ? WHERE out_refund_no = ?", *moments, number
            )
        return answer(self._describe(self._require("out_refund_no", number)))

    def _check_refundable(self, trade: Row | None, *, columns: dict[str, Any], total: int) -> None:
        if trade is None:
            raise refused(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        if trade["transaction_id"] is None:
            raise refused(400, "INVALID_REQUEST", "订单未支付，不能退款")
        if total != trade["total"]:
            raise refused(400, "INVALID_REQUEST", "订单金额与原支付订单不一致")
        refunded = self._store.one(
            "SELECT coalesce(sum(amount), 0) AS amount FROM refunds WHERE out_trade_no = ?", trade["out_trade_no"]
        )
        assert refunded is not None
        if refunded["amount"] + columns["amount"] > trade["total"]:
            raise refused(400, "INVALID_REQUEST", "申请退款金额大于订单剩余可退金额")
        if self._faults.take("refund", frozenset({"not_enough"})):
            raise refused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")

    def _accept(self, trade: Row, *, columns: dict[str, Any], fingerprint: str) -> tuple[Row, Delivery | None]:
        now = time.time()
        self._store.insert(
            "refunds",
            **columns,
            refund_id=f"503{time.strftime('%Y%m%d', time.gmtime(now + 8 * 3600))}{secrets.randbelow(10**17):017d}",
            out_trade_no=trade["out_trade_no"],
            request=fingerprint,
            created_at=now,
            outcome="ABNORMAL" if self._faults.take("refund", frozenset({"abnormal"})) else "SUCCESS",
            settles_at=now + self._delay,
        )
        self._store.run("UPDATE transactions SET state = 'REFUND' WHERE out_trade_no = ?", trade["out_trade_no"])
        refund = self._require("out_refund_no", columns["out_refund_no"])
        return refund, self._notify_later(refund)

    def _notify_later(self, refund: Row) -> Delivery | None:
        """Write the notification down for the moment of settlement; without an address there is none."""
        if not refund["notify_url"]:
            return None
        described = self._describe(refund)
        names = ("transaction_id", "out_trade_no", "refund_id", "out_refund_no", "user_received_account")
        amount = {name: described["amount"][name] for name in ("total", "refund", "payer_total", "payer_refund")}
        resource = {name: described[name] for name in names}
        resource |= {"mchid": self._accounts.mch_id, "refund_status": refund["outcome"], "amount": amount}
        if refund["outcome"] == "SUCCESS":
            resource["success_time"] = china_time(refund["settles_at"])
        return self._notifications.refunded(
            url=refund["notify_url"], lane=refund["out_trade_no"], resource=resource, due_at=refund["settles_at"]
        )

    def _require(self, column: str, value: str) -> Row:
        refund = self._store.one(f"SELECT * FROM refunds WHERE {column} = ?", value)
        if refund is None:
            raise refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def _describe(self, refund: Row) -> dict[str, Any]:
        """Present a refund as its query does."""
        trade = self._store.one("SELECT * FROM transactions WHERE out_trade_no = ?", refund["out_trade_no"])
        assert trade is not None
        status = refund_status(refund, now=time.time())
        described: dict[str, Any] = {
            "refund_id": refund["refund_id"],
            "out_refund_no": refund["out_refund_no"],
            "transaction_id": trade["transaction_id"],
            "out_trade_no": trade["out_trade_no"],
            "channel": "ORIGINAL",
            "user_received_account": RECEIVED_BY,
            "create_time": china_time(refund["created_at"]),
            "status": status,
            "funds_account": "AVAILABLE",
            "amount": _amounts(total=trade["total"], refund=refund["amount"]),
            "promotion_detail": [],
        }
        if status == "SUCCESS":
            described["success_time"] = china_time(refund["settles_at"])
        return described


def _read_refund(data: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """Check a refund request; return its columns and how it names the transaction."""
    number = fields.text(data, "/out_refund_no", most=64)
    if not _NUMBER.fullmatch(number):
        raise fields.param_error("/out_refund_no", number, "只能是数字、大小写字母_-|*@")
    trade_column = "transaction_id" if data.get("transaction_id") else "out_trade_no"
    amount, total = fields.fen(data, "/amount/refund"), fields.fen(data, "/amount/total")
    fields.currency(data, required=True)
    fields.text(data, "/reason", most=80, default="-")
    if amount > total:
        raise fields.param_error("/amount/refund", amount, "不能大于原订单金额")
    columns = {"out_refund_no": number, "amount": amount, "notify_url": fields.notify_url(data, default="")}
    return columns, trade_column, fields.text(data, f"/{trade_column}", most=32)


def _amounts(*, total: int, refund: int) -> dict[str, Any]:
    """The amounts of a refund without any discount: what is settled is what was asked for."""
    return {
        "total": total,
        "refund": refund,
        "from": [],
        "payer_total": total,
        "payer_refund": refund,
        "settlement_refund": refund,
        "settlement_total": total,
        "discount_refund": 0,
        "currency": "CNY",
    }
