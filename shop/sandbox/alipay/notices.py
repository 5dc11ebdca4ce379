"""What Alipay tells the shop of its own accord: a form, signed, sent until the answer is exactly `success`.

The same message is sent at every attempt, with the time of the first.
"""

import json
import time
from sqlite3 import Row

import httpx

from shop.sandbox.alipay.protocol import Protocol, local, yuan
from shop.sandbox.deliveries import Deliverer, Delivery
from shop.sandbox.keys import Accounts
from shop.sandbox.signing import random_text

TARGET = "alipay_notify"
BUYER = {"buyer_logon_id": "159****5620"}


def headers(body: str) -> dict[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def accepted(response: httpx.Response) -> bool:
    """Whether the shop took it: no status says so, only this word."""
    return response.status_code == 200 and response.content == b"success"


class Notices:
    """Builds notifications and hands them to the deliverer."""

    def __init__(self, *, accounts: Accounts, protocol: Protocol, deliverer: Deliverer) -> None:
        self._accounts = accounts
        self._protocol = protocol
        self._deliverer = deliverer

    def paid(self, trade: Row) -> Delivery:
        """Write down the notification of a payment, inside the caller's transaction."""
        return self._enqueue(trade, {"trade_status": "TRADE_SUCCESS"}, due_at=time.time())

    def refunded(self, trade: Row, *, out_request_no: str, refunded: int, at: float) -> Delivery:
        """Write down that money went back: the trade again, with the sum of all its refunds; closed by the last."""
        whole = refunded == trade["total"]
        more = {
            "trade_status": "TRADE_CLOSED" if whole else "TRADE_SUCCESS",
            "out_biz_no": out_request_no,
            "refund_fee": yuan(refunded),
            "gmt_refund": f"{local(at)}.000",
        }
        return self._enqueue(trade, more | ({"gmt_close": local(at)} if whole else {}), due_at=at)

    def send(self, delivery: Delivery) -> None:
        """Set a notification going after the commit."""
        self._deliverer.send(delivery)

    def _enqueue(self, trade: Row, more: dict[str, str], *, due_at: float) -> Delivery:
        total = yuan(trade["total"])
        params = {
            "notify_time": local(due_at),
            "notify_type": "trade_status_sync",
            "notify_id": random_text(34).lower(),
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self._accounts.alipay_app_id,
            "auth_app_id": self._accounts.alipay_app_id,
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "seller_id": self._accounts.alipay_seller_id,
            "buyer_id": trade["buyer_id"],
            **BUYER,
            "subject": trade["subject"],
            "total_amount": total,
            "receipt_amount": total,
            "buyer_pay_amount": total,
            "invoice_amount": total,
            "point_amount": "0.00",
            "fund_bill_list": json.dumps([{"amount": total, "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":")),
            "gmt_create": local(trade["created_at"]),
            "gmt_payment": local(trade["paid_at"]),
            **more,
        }
        return self._deliverer.enqueue(
            target=TARGET,
            lane=trade["out_trade_no"],
            url=trade["notify_url"],
            body=self._protocol.signed_form(params),
            due_at=due_at,
        )
