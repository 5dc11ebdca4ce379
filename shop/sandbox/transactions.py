"""WeChat Pay v3 transactions: placing, querying, closing, and the user who pays.

Owns the `transactions` table. Always: one transaction per `out_trade_no`; it is paid at most once; `time_expire` only
keeps the user from beginning to pay and closes nothing, so an expired transaction stays NOTPAY until it is closed.
"""

import json
import re
import secrets
import time
from sqlite3 import Row
from typing import Any

from shop.sandbox import fields
from shop.sandbox.clock import china_time, parse_instant
from shop.sandbox.deliveries import Delivery, attempted
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.notifications import Notifications
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store
from shop.sandbox.wechat_login import WechatLogin
from shop.sandbox.wechatpay_auth import WechatPayAuth

PREPAY_SECONDS = 7200
STATE_NAMES = {"SUCCESS": "支付成功", "REFUND": "转入退款", "NOTPAY": "订单未支付", "CLOSED": "订单已关闭"}
WAIT_SECONDS = 30.0
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")


class Transactions:
    """The JSAPI transactions of the merchant."""

    def __init__(
        self,
        *,
        store: Store,
        accounts: Accounts,
        faults: Faults,
        auth: WechatPayAuth,
        login: WechatLogin,
        notifications: Notifications,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self._auth = auth
        self._login = login
        self._notifications = notifications

    def routes(self) -> list[Route]:
        base, signed, struck = "/v3/pay/transactions", self._auth.endpoint, ("wechat_pay",)
        return [
            Route("POST", f"{base}/jsapi", signed(self.place), struck),
            Route("GET", f"{base}/out-trade-no/{{out_trade_no}}", signed(self.query_by_number), struck),
            Route("GET", f"{base}/id/{{transaction_id}}", signed(self.query_by_id), struck),
            Route("POST", f"{base}/out-trade-no/{{out_trade_no}}/close", signed(self.close), (*struck, "close")),
            Route("POST", "/wechat/pay", self.pay),
            Route("POST", "/wechat/past-payments", self.remember),
            Route("POST", "/wechat/probe", self.probe),
        ]

    def place(self, request: Request) -> Response:
        """POST /v3/pay/transactions/jsapi; the same request again gets a prepay_id again."""
        columns = self._read_placement(request.data)
        fingerprint = json.dumps(request.data, sort_keys=True, ensure_ascii=False)
        now = time.time()
        with self._store.transaction():
            known = self._find("out_trade_no", columns["out_trade_no"])
            if known is not None:
                return answer({"prepay_id": self._replace(known, fingerprint=fingerprint, now=now)})
            if columns["expires_at"] is not None and columns["expires_at"] <= now:
                raise fields.param_error("/time_expire", request.data["time_expire"], "早于当前时间")
            prepay_id = _new_prepay_id(now)
            self._store.insert(
                "transactions",
                **columns,
                prepay_id=prepay_id,
                prepay_until=now + PREPAY_SECONDS,
                request=fingerprint,
                state="NOTPAY",
                created_at=now,
            )
        return answer({"prepay_id": prepay_id})

    def query_by_number(self, request: Request, *, out_trade_no: str) -> Response:
        """GET /v3/pay/transactions/out-trade-no/{n}?mchid=."""
        self._check_mchid(request.query.get("mchid"))
        return answer(self._describe(self._require("out_trade_no", out_trade_no)))

    def query_by_id(self, request: Request, *, transaction_id: str) -> Response:
        """GET /v3/pay/transactions/id/{id}?mchid=."""
        self._check_mchid(request.query.get("mchid"))
        return answer(self._describe(self._require("transaction_id", transaction_id)))

    def close(self, request: Request, *, out_trade_no: str) -> Response:
        """POST /v3/pay/transactions/out-trade-no/{n}/close. The fault `orderpaid` lets the user pay just before."""
        self._check_mchid(request.data.get("mchid"))
        delivery = None
        with self._store.transaction():
            trade = self._require("out_trade_no", out_trade_no)
            if trade["state"] == "NOTPAY":
                if self._faults.take("close", frozenset({"orderpaid"})):
                    trade, delivery = self._settle(out_trade_no, paid_at=time.time())
                else:
                    self._store.run("UPDATE transactions SET state = 'CLOSED' WHERE out_trade_no = ?", out_trade_no)
        if delivery is not None:
            self._notifications.send(delivery)
        if trade["transaction_id"] is not None:
            raise refused(400, "ORDERPAID", "该订单已支付")
        return Response(204)

    def pay(self, request: Request) -> Response:
        """POST /wechat/pay {prepay_id, client_params?, force?, success_time?, wait?}: the user pays.

        `client_params` are checked as the WeChat client would. `force` is a user who began before `time_expire`;
        `success_time` dates the payment back; `wait` tells in `notified` what the shop answered to the first attempt.
        """
        data = request.data
        paid_at = parse_instant(data["success_time"]) if "success_time" in data else time.time()
        if paid_at is None or paid_at > time.time():
            raise refused(400, "INVALID_TIME", "success_time is an RFC 3339 instant, not in the future.")
        with self._store.transaction():
            paid, delivery = self._settle(self._payable(data)["out_trade_no"], paid_at=paid_at)
        self._notifications.send(delivery)
        result: dict[str, object] = {name: paid[name] for name in ("out_trade_no", "transaction_id", "description")}
        result |= {"trade_state": "SUCCESS", "total": paid["total"]}
        if data.get("wait") is True:
            result["notified"] = attempted(delivery, timeout=WAIT_SECONDS)
        return answer(result)

    def remember(self, request: Request) -> Response:
        """POST /wechat/past-payments {out_trade_no, openid, total, paid_at}: it was paid then, and all know it.

        For a history of payments, which `time_expire` keeps from being made afterwards. No notification is sent.
        """
        data = request.data
        paid_at = parse_instant(data.get("paid_at"))
        if paid_at is None or paid_at > time.time():
            raise refused(400, "INVALID_TIME", "paid_at is an RFC 3339 instant, not in the future.")
        amount = {"total": data.get("total"), "currency": "CNY"}
        columns = self._read_placement(
            {
                "mchid": self._accounts.mch_id,
                "appid": self._accounts.app_id,
                "out_trade_no": data.get("out_trade_no"),
                "description": "past payment",
                "amount": amount,
                "payer": {"openid": data.get("openid")},
                "notify_url": "https://notify.invalid/",
            }
        )
        with self._store.transaction():
            if self._find("out_trade_no", columns["out_trade_no"]) is not None:
                raise refused(409, "OUT_TRADE_NO_USED", "There is a transaction with this out_trade_no.")
            self._store.insert(
                "transactions",
                **columns,
                prepay_id=_new_prepay_id(paid_at),
                prepay_until=paid_at,
                request="",
                state="SUCCESS",
                created_at=paid_at,
                transaction_id=_new_transaction_id(paid_at),
                paid_at=paid_at,
            )
        return answer(self._describe(self._require("out_trade_no", columns["out_trade_no"])), status=201)

    def probe(self, request: Request) -> Response:
        """POST /wechat/probe {out_trade_no}: notify with a WECHATPAY/SIGNTEST/ signature, to be refused."""
        trade = self._store.one(
            "SELECT * FROM transactions WHERE out_trade_no = ?", str(request.data.get("out_trade_no"))
        )
        if trade is None:
            raise refused(404, "UNKNOWN_TRANSACTION", "There is no transaction with this out_trade_no.")
        pretended = self._describe(trade) | {
            "trade_state": "SUCCESS",
            "trade_state_desc": STATE_NAMES["SUCCESS"],
            "transaction_id": trade["transaction_id"] or _new_transaction_id(time.time()),
            "success_time": china_time(time.time()),
        }
        delivery = self._notifications.probe(url=trade["notify_url"], lane=trade["out_trade_no"], resource=pretended)
        return answer({"notified": attempted(delivery, timeout=WAIT_SECONDS)})

    def _read_placement(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check a JSAPI request and return the columns it fills."""
        self._check_mchid(fields.text(data, "/mchid", most=32))
        if fields.text(data, "/appid", most=32) != self._accounts.app_id:
            raise refused(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配，请检查后再试")
        number = fields.text(data, "/out_trade_no", most=32)
        if not _NUMBER.fullmatch(number):
            raise fields.param_error("/out_trade_no", number, "只能是6至32位数字、大小写字母_-|*")
        expires_at = parse_instant(data.get("time_expire"))
        if data.get("time_expire") is not None and expires_at is None:
            raise fields.param_error("/time_expire", data["time_expire"], "不符合RFC3339格式")
        fields.currency(data, required=False)
        openid = fields.text(data, "/payer/openid", most=128)
        if self._login.find_user(openid) is None:
            raise fields.param_error(
                "/payer/openid", openid, "无效的openid（沙箱用户由 POST /wechat/login-codes 产生）"
            )
        return {
            "out_trade_no": number,
            "description": fields.text(data, "/description", most=127),
            "total": fields.fen(data, "/amount/total"),
            "openid": openid,
            "attach": fields.text(data, "/attach", most=128, default=""),
            "notify_url": fields.notify_url(data),
            "expires_at": expires_at,
        }

    def _replace(self, known: Row, *, fingerprint: str, now: float) -> str:
        """Answer a number that was placed before: the same request gets its prepay_id, renewed when it ran out."""
        if known["transaction_id"] is not None:
            raise refused(400, "ORDERPAID", "该订单已支付")
        if known["state"] == "CLOSED":
            raise refused(400, "ORDER_CLOSED", "该订单已关闭，请重新下单")
        if known["request"] != fingerprint:
            raise refused(403, "OUT_TRADE_NO_USED", "商户订单号重复，且与原请求参数不一致")
        if known["expires_at"] is not None and known["expires_at"] <= now:
            raise fields.param_error("/time_expire", china_time(known["expires_at"]), "早于当前时间")
        if known["prepay_until"] > now:
            prepay_id: str = known["prepay_id"]
            return prepay_id
        renewed = _new_prepay_id(now)
        self._store.run(
            "UPDATE transactions SET prepay_id = ?, prepay_until = ? WHERE out_trade_no = ?",
            renewed,
            now + PREPAY_SECONDS,
            known["out_trade_no"],
        )
        return renewed

    def _payable(self, data: dict[str, Any]) -> Row:
        """Return the transaction that the user is about to pay, or refuse as the WeChat client would."""
        params = data.get("client_params")
        if params is not None and not (isinstance(params, dict) and self._auth.pays_with(params)):
            raise refused(400, "INVALID_PAY_SIGN", "The paySign of client_params is wrong.")
        prepay_id = str(data.get("prepay_id") or (params or {}).get("package", "")).removeprefix("prepay_id=")
        trade = self._store.one("SELECT * FROM transactions WHERE prepay_id = ?", prepay_id)
        if trade is None:
            raise refused(404, "UNKNOWN_PREPAY_ID", "There is no transaction with this prepay_id.")
        if trade["transaction_id"] is not None:
            raise refused(409, "ORDERPAID", "The transaction is paid already.")
        if trade["state"] == "CLOSED":
            raise refused(409, "ORDER_CLOSED", "The transaction is closed.")
        now = time.time()
        late = trade["prepay_until"] <= now or (trade["expires_at"] is not None and trade["expires_at"] <= now)
        if late and data.get("force") is not True:
            raise refused(409, "ORDER_EXPIRED", "time_expire has passed; force pays as if begun before it.")
        return trade

    def _settle(self, out_trade_no: str, *, paid_at: float) -> tuple[Row, Delivery]:
        """Take the money and write the notification down; the caller saw in this transaction that it is unpaid."""
        self._store.run(
            "UPDATE transactions SET state = 'SUCCESS', transaction_id = ?, paid_at = ? WHERE out_trade_no = ?",
            _new_transaction_id(paid_at),
            paid_at,
            out_trade_no,
        )
        trade = self._require("out_trade_no", out_trade_no)
        resource = self._describe(trade)
        return trade, self._notifications.paid(url=trade["notify_url"], lane=out_trade_no, resource=resource)

    def _find(self, column: str, value: str) -> Row | None:
        return self._store.one(f"SELECT * FROM transactions WHERE {column} = ?", value)

    def _require(self, column: str, value: str) -> Row:
        trade = self._find(column, value)
        if trade is None:
            raise refused(404, "ORDER_NOT_EXIST", "订单不存在")
        return trade

    def _check_mchid(self, mchid: object) -> None:
        if mchid != self._accounts.mch_id:
            raise fields.param_error("/mchid", mchid, "与Authorization中的商户号不一致")

    def _describe(self, trade: Row) -> dict[str, Any]:
        """Present a transaction as the query and the notification do."""
        described: dict[str, Any] = {
            "appid": self._accounts.app_id,
            "mchid": self._accounts.mch_id,
            "out_trade_no": trade["out_trade_no"],
            "trade_state": trade["state"],
            "trade_state_desc": STATE_NAMES[trade["state"]],
            "attach": trade["attach"],
            "payer": {"openid": trade["openid"]},
            "amount": {"total": trade["total"], "currency": "CNY"},
            "promotion_detail": [],
        }
        if trade["transaction_id"] is not None:
            described["amount"] |= {"payer_total": trade["total"], "payer_currency": "CNY"}
            described |= {
                "transaction_id": trade["transaction_id"],
                "trade_type": "JSAPI",
                "bank_type": "OTHERS",
                "success_time": china_time(trade["paid_at"]),
            }
        return described


def _new_prepay_id(now: float) -> str:
    return f"wx{time.strftime('%d%H%M%S', time.gmtime(now))}{random_text(26).lower()}"


def _new_transaction_id(now: float) -> str:
    return f"42000{time.strftime('%Y%m%d', time.gmtime(now + 8 * 3600))}{secrets.randbelow(10**15):015d}"
