"""WeChat Pay v3 merchant transfers: the merchant sends, the user accepts within a day, or nothing is paid.

Owns the `transfers` table. Always: one bill per `out_bill_no`, the same request again answers the same bill; money
reaches the user only after they have accepted it; a bill that is taken back or overdue is final and pays nothing.
"""

import json
import re
import secrets
import time
from sqlite3 import Row
from typing import Any

from shop.sandbox import fields
from shop.sandbox.clock import china_time
from shop.sandbox.deliveries import Delivery
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.notifications import Notifications
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store
from shop.sandbox.wechat_login import WechatLogin
from shop.sandbox.wechatpay_auth import WechatPayAuth

CONFIRM_SECONDS = 24 * 3600
LEAST, NAMED_FROM = 10, 200_000
OVERDUE = "OVERDUE_CLOSE"
# What each scene has to be reported with.
SCENES = {"1005": {"岗位类型", "报酬说明"}, "1000": {"活动名称", "奖励说明"}}
_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")


def transfer_state(bill: Row, *, now: float) -> tuple[str, str]:
    """The state of a bill at an instant, and why it has failed."""
    if bill["outcome"]:
        under_way = "CANCELING" if bill["outcome"] == "CANCELLED" else "TRANSFERING"
        return (bill["outcome"], bill["fail_reason"]) if bill["settles_at"] <= now else (under_way, "")
    return ("FAIL", OVERDUE) if bill["confirm_until"] <= now else ("WAIT_USER_CONFIRM", "")


class Transfers:
    """The transfers of the merchant to users."""

    def __init__(
        self,
        *,
        store: Store,
        accounts: Accounts,
        faults: Faults,
        auth: WechatPayAuth,
        login: WechatLogin,
        notifications: Notifications,
        delay: float,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self._auth = auth
        self._login = login
        self._notifications = notifications
        self._delay = delay

    def routes(self) -> list[Route]:
        base, signed, struck = "/v3/fund-app/mch-transfer/transfer-bills", self._auth.endpoint, ("wechat_pay",)
        return [
            Route("POST", base, signed(self.apply), (*struck, "transfer")),
            Route("GET", f"{base}/out-bill-no/{{out_bill_no}}", signed(self.query), struck),
            Route("POST", f"{base}/out-bill-no/{{out_bill_no}}/cancel", signed(self.cancel), struck),
            Route("POST", "/wechat/transfers/confirm", self.confirm),
            Route("POST", "/wechat/transfers/expire", self.expire),
        ]

    def apply(self, request: Request) -> Response:
        """POST /v3/fund-app/mch-transfer/transfer-bills; the user is asked to accept it."""
        columns = self._read(request.data)
        fingerprint = json.dumps(request.data, sort_keys=True, ensure_ascii=False)
        with self._store.transaction():
            known = self._find(columns["out_bill_no"])
            if known is None:
                if self._faults.take("transfer", frozenset({"not_enough"})):
                    raise refused(403, "NOT_ENOUGH", "商户账户资金不足，请充值后使用原单号重试")
                now = time.time()
                self._store.insert(
                    "transfers",
                    **columns,
                    transfer_bill_no=_new_bill_number(now),
                    package_info=random_text(64),
                    request=fingerprint,
                    created_at=now,
                    confirm_until=now + CONFIRM_SECONDS,
                    outcome="",
                    fail_reason="",
                    settles_at=0,
                )
            elif known["request"] != fingerprint:
                raise refused(400, "ALREADY_EXISTS", "商户单号已存在，且与原请求参数不一致")
            bill = self._require(columns["out_bill_no"])
        return answer(self._describe(bill, names=("out_bill_no", "transfer_bill_no", "create_time", "state")))

    def query(self, request: Request, *, out_bill_no: str) -> Response:
        """GET …/transfer-bills/out-bill-no/{out_bill_no}."""
        return answer(self._describe(self._require(out_bill_no)))

    def cancel(self, request: Request, *, out_bill_no: str) -> Response:
        """POST …/out-bill-no/{out_bill_no}/cancel; taken in now, done a little later."""
        with self._store.transaction():
            bill = self._require(out_bill_no)
            state = transfer_state(bill, now=time.time())[0]
            if state not in ("WAIT_USER_CONFIRM", "CANCELING", "CANCELLED"):
                raise refused(400, "INVALID_REQUEST", "当前状态不支持撤销转账")
            delivery = self._end(bill, "CANCELLED") if state == "WAIT_USER_CONFIRM" else None
            bill = self._require(out_bill_no)
        self._send(delivery)
        return answer(self._describe(bill, names=("out_bill_no", "transfer_bill_no", "state", "update_time")))

    def confirm(self, request: Request) -> Response:
        """POST /wechat/transfers/confirm {package}: the user accepts the money. The fault `fail` lets it fail then."""
        package = str(request.data.get("package"))
        with self._store.transaction():
            bill = self._store.one("SELECT * FROM transfers WHERE package_info = ?", package)
            if bill is None or transfer_state(bill, now=time.time())[0] != "WAIT_USER_CONFIRM":
                raise refused(409, "NOT_CONFIRMABLE", "Nothing waits to be accepted by this package.")
            fails = self._faults.take("transfer", frozenset({"fail"}))
            delivery = self._end(bill, "FAIL", "ACCOUNT_FROZEN") if fails else self._end(bill, "SUCCESS")
        self._send(delivery)
        return answer(self._describe(self._require(bill["out_bill_no"])))

    def expire(self, request: Request) -> Response:
        """POST /wechat/transfers/expire {out_bill_no}: a day has passed, and the user has not accepted it."""
        number = str(request.data.get("out_bill_no"))
        with self._store.transaction():
            bill = self._require(number)
            if transfer_state(bill, now=time.time())[0] != "WAIT_USER_CONFIRM":
                raise refused(409, "NOT_CONFIRMABLE", "Nothing waits to be accepted under this number.")
            delivery = self._end(bill, "FAIL", OVERDUE)
        self._send(delivery)
        return answer(self._describe(self._require(number)))

    def _read(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check a request and return the columns that it fills."""
        if fields.text(data, "/appid", most=32) != self._accounts.app_id:
            raise refused(400, "PARAM_ERROR", "appid与mchid不匹配")
        number = fields.text(data, "/out_bill_no", most=32)
        if not _NUMBER.fullmatch(number):
            raise fields.param_error("/out_bill_no", number, "只能由数字、大小写字母组成")
        amount = fields.fen(data, "/transfer_amount")
        if amount < LEAST:
            raise fields.param_error("/transfer_amount", amount, "单笔转账金额不能小于0.1元")
        if amount >= NAMED_FROM and not data.get("user_name"):
            raise fields.param_error("/user_name", None, "转账金额大于等于2000元时必填")
        openid = fields.text(data, "/openid", most=64)
        if self._login.find_user(openid) is None:
            raise fields.param_error("/openid", openid, "无效的openid（沙箱用户由 POST /wechat/login-codes 产生）")
        fields.text(data, "/transfer_remark", most=32)
        _check_scene(data)
        return {
            "out_bill_no": number,
            "openid": openid,
            "amount": amount,
            "notify_url": fields.notify_url(data, default=""),
        }

    def _end(self, bill: Row, outcome: str, reason: str = "") -> Delivery | None:
        """Write down how it ends, and what the shop is told of it then; inside the caller's transaction."""
        settles_at = time.time() + self._delay
        self._store.run(
            "UPDATE transfers SET outcome = ?, fail_reason = ?, settles_at = ? WHERE out_bill_no = ?",
            outcome,
            reason,
            settles_at,
            bill["out_bill_no"],
        )
        if not bill["notify_url"]:
            return None
        resource = {
            "mch_id": self._accounts.mch_id,
            "out_bill_no": bill["out_bill_no"],
            "transfer_bill_no": bill["transfer_bill_no"],
            "transfer_amount": bill["amount"],
            "state": outcome,
            "openid": bill["openid"],
            "fail_reason": reason,
            "create_time": china_time(bill["created_at"]),
            "update_time": china_time(settles_at),
        }
        return self._notifications.transferred(
            url=bill["notify_url"], lane=bill["out_bill_no"], resource=resource, due_at=settles_at
        )

    def _send(self, delivery: Delivery | None) -> None:
        if delivery is not None:
            self._notifications.send(delivery)

    def _find(self, number: str) -> Row | None:
        return self._store.one("SELECT * FROM transfers WHERE out_bill_no = ?", number)

    def _require(self, number: str) -> Row:
        bill = self._find(number)
        if bill is None:
            raise refused(404, "NOT_FOUND", "记录不存在")
        return bill

    def _describe(self, bill: Row, *, names: tuple[str, ...] = ()) -> dict[str, Any]:
        """A bill as its query presents it, or `names` of that; what the user accepts it by while they may."""
        state, reason = transfer_state(bill, now=time.time())
        described: dict[str, Any] = {
            "mch_id": self._accounts.mch_id,
            "out_bill_no": bill["out_bill_no"],
            "transfer_bill_no": bill["transfer_bill_no"],
            "appid": self._accounts.app_id,
            "state": state,
            "transfer_amount": bill["amount"],
            "openid": bill["openid"],
            "create_time": china_time(bill["created_at"]),
            "update_time": china_time(max(bill["created_at"], bill["settles_at"])),
        }
        if reason:
            described["fail_reason"] = reason
        shown = {name: described[name] for name in names} if names else described
        return shown | {"package_info": bill["package_info"]} if state == "WAIT_USER_CONFIRM" else shown


def _new_bill_number(now: float) -> str:
    return f"133{time.strftime('%Y%m%d', time.gmtime(now + 8 * 3600))}{secrets.randbelow(10**17):017d}"


def _check_scene(data: dict[str, Any]) -> None:
    scene = fields.text(data, "/transfer_scene_id", most=36)
    reported = data.get("transfer_scene_report_infos")
    told = reported if isinstance(reported, list) else []
    kinds = {each.get("info_type") for each in told if isinstance(each, dict)}
    if scene not in SCENES or kinds != SCENES[scene]:
        raise fields.param_error("/transfer_scene_report_infos", reported, "请按转账场景的要求填写报备信息")
