"""What mini-program shops must tell WeChat about each payment: how its goods travel. Money is theirs afterwards.

Owns the `shipping_infos` table. Always: a payment is shipped at once, or parcel by parcel until the shop says that it
was the last; what is finished may be told anew once. Refusals have the real API's codes.
"""

import json
from sqlite3 import Row
from typing import Any

from shop.sandbox.clock import parse_instant
from shop.sandbox.faults import Faults
from shop.sandbox.routing import Refused, Request, Response, Route, answer
from shop.sandbox.store import Store
from shop.sandbox.wechat_login import WechatLogin, errcode

EXPRESS, LOCAL, VIRTUAL, PICKUP = 1, 2, 3, 4
UNIFIED, SPLIT = 1, 2
MOST_PARCELS, LONGEST_TEXT = 10, 120
MUST_HAVE_CONTACT = "SF"
_MESSAGES = {
    10060001: "pay order not exist",
    10060002: "pay order has finished shipping",
    10060003: "pay order has used the chance of shipping again",
    10060004: "pay order is not in a shippable state",
    10060005: "invalid logistics_type",
    10060006: "only express can be split",
    10060007: "is_all_delivered is required for split delivery",
    10060008: "item_desc is empty",
    10060009: "item_desc is too long",
    10060012: "system error",
    10060014: "invalid parameter",
    10060023: "shipping info is not changed",
    10060024: "shipping_list is too long",
    10060031: "pay order does not belong to openid",
    268485194: "invalid order_number_type",
    268485216: "invalid upload_time",
    268485224: "invalid delivery_mode",
    268485226: "tracking_no is empty",
    268485227: "express_company is empty",
    268485228: "shipping_list of unified delivery must have one element",
}


class ShippingInfo:
    """Takes shipping information, and tells what it has taken."""

    def __init__(self, *, store: Store, faults: Faults, login: WechatLogin) -> None:
        self._store = store
        self._faults = faults
        self._login = login

    def routes(self) -> list[Route]:
        struck = ("shipping_info",)
        return [
            Route("POST", "/wxa/sec/order/upload_shipping_info", self.upload, struck),
            Route("POST", "/wxa/sec/order/get_order", self.get_order),
        ]

    def upload(self, request: Request) -> Response:
        """POST /wxa/sec/order/upload_shipping_info?access_token= {order_key, logistics_type, delivery_mode, …}."""
        self._login.check_token(request)
        for code in (10060012, 10060001, 10060014):
            if self._faults.take("shipping_info", frozenset({str(code)})):
                raise _refusal(code)
        data = request.data
        paid = self._paid(data.get("order_key"))
        parcels = _parcels(data)
        payer = data.get("payer")
        if not isinstance(payer, dict) or payer.get("openid") != paid["openid"]:
            raise _refusal(10060031)
        with self._store.transaction():
            self._take(paid["transaction_id"], data, parcels)
        return answer({"errcode": 0, "errmsg": "ok"})

    def get_order(self, request: Request) -> Response:
        """POST /wxa/sec/order/get_order?access_token= {transaction_id}: `order_state` 1 waits, 2 is shipped."""
        self._login.check_token(request)
        paid = self._paid({"order_number_type": 2, "transaction_id": request.data.get("transaction_id")})
        known = self._known(paid["transaction_id"])
        order: dict[str, Any] = {
            "transaction_id": paid["transaction_id"],
            "merchant_trade_no": paid["out_trade_no"],
            "paid_amount": paid["total"],
            "openid": paid["openid"],
            "order_state": 2 if known is not None and known["finishes"] else 1,
        }
        if known is not None:
            order["shipping"] = {
                "delivery_mode": known["mode"],
                "logistics_type": known["kind"],
                "finish_shipping": bool(known["finishes"]),
                "finish_shipping_count": known["finishes"],
                "shipping_list": json.loads(known["parcels"]),
            }
        return answer({"errcode": 0, "errmsg": "ok", "order": order})

    def _paid(self, key: Any) -> Row:
        key = key if isinstance(key, dict) else {}
        columns = {1: "out_trade_no", 2: "transaction_id"}
        column = columns.get(key.get("order_number_type", 0))
        if column is None:
            raise _refusal(268485194)
        paid = self._store.one(f"SELECT * FROM transactions WHERE {column} = ?", str(key.get(column)))
        if paid is None or paid["paid_at"] is None:
            raise _refusal(10060001)
        refunded = self._store.one(
            "SELECT coalesce(sum(amount), 0) AS sum FROM refunds WHERE out_trade_no = ?", paid["out_trade_no"]
        )
        if refunded is not None and refunded["sum"] >= paid["total"]:
            raise _refusal(10060004)
        return paid

    def _known(self, transaction_id: str) -> Row | None:
        return self._store.one("SELECT * FROM shipping_infos WHERE transaction_id = ?", transaction_id)

    def _take(self, transaction_id: str, data: dict[str, Any], parcels: list[dict[str, Any]]) -> None:
        known, mode = self._known(transaction_id), data["delivery_mode"]
        is_last = mode == UNIFIED or data["is_all_delivered"]
        before: list[dict[str, Any]] = json.loads(known["parcels"]) if known is not None else []
        finishes = known["finishes"] if known is not None else 0
        if finishes:
            if not is_last:
                raise _refusal(10060002)
            if parcels == before:
                raise _refusal(10060023)
            if finishes > 1:
                raise _refusal(10060003)
        else:
            new = [each for each in parcels if each not in before]
            if not new and not is_last:
                raise _refusal(10060023)
            parcels = before + new
        self._store.run(
            "INSERT OR REPLACE INTO shipping_infos (transaction_id, mode, kind, parcels, finishes)"
            " VALUES (?, ?, ?, ?, ?)",
            transaction_id,
            mode,
            data["logistics_type"],
            json.dumps(parcels, ensure_ascii=False),
            finishes + is_last,
        )


def _parcels(data: dict[str, Any]) -> list[dict[str, Any]]:
    kind, mode, listed = data.get("logistics_type"), data.get("delivery_mode"), data.get("shipping_list")
    if kind not in (EXPRESS, LOCAL, VIRTUAL, PICKUP):
        raise _refusal(10060005)
    if mode not in (UNIFIED, SPLIT):
        raise _refusal(268485224)
    if mode == SPLIT and kind != EXPRESS:
        raise _refusal(10060006)
    if mode == SPLIT and not isinstance(data.get("is_all_delivered"), bool):
        raise _refusal(10060007)
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _refusal(10060014)
    if mode == UNIFIED and len(listed) != 1:
        raise _refusal(268485228)
    if not 1 <= len(listed) <= MOST_PARCELS:
        raise _refusal(10060024)
    if parse_instant(data.get("upload_time")) is None:
        raise _refusal(268485216)
    for each in listed:
        _check(each, kind)
    return listed


def _check(parcel: dict[str, Any], kind: int) -> None:
    described = parcel.get("item_desc")
    if not isinstance(described, str) or not described:
        raise _refusal(10060008)
    if len(described) > LONGEST_TEXT:
        raise _refusal(10060009)
    if kind != EXPRESS:
        return
    if not parcel.get("tracking_no"):
        raise _refusal(268485226)
    if not parcel.get("express_company"):
        raise _refusal(268485227)
    contact = parcel.get("contact") or {}
    masked = str(contact.get("receiver_contact") or contact.get("consignor_contact") or "")
    if parcel["express_company"] == MUST_HAVE_CONTACT and not (masked[-4:].isdecimal() and "*" in masked):
        raise _refusal(10060014)


def _refusal(code: int) -> Refused:
    return errcode(code, _MESSAGES[code])
