"""WeChat Pay notifications: what the shop is told about payments, refunds and transfers, encrypted and signed."""

import json
import time
from typing import Any

from shop.sandbox.clock import china_time
from shop.sandbox.deliveries import Deliverer, Delivery
from shop.sandbox.keys import Accounts
from shop.sandbox.signing import encrypt_resource, random_text

REFUND_SUMMARIES = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常"}


class Notifications:
    """Builds notifications and hands them to the deliverer."""

    def __init__(self, *, accounts: Accounts, deliverer: Deliverer) -> None:
        self._accounts = accounts
        self._deliverer = deliverer

    def paid(self, *, url: str, lane: str, resource: dict[str, Any]) -> Delivery:
        """Write down the notification of a payment, inside the caller's transaction."""
        body = self._body("TRANSACTION.SUCCESS", "支付成功", "transaction", resource)
        return self._deliverer.enqueue(target="payment_notify", lane=lane, url=url, body=body)

    def refunded(self, *, url: str, lane: str, resource: dict[str, Any], due_at: float) -> Delivery:
        """Write down the notification of a refund's outcome, inside the caller's transaction."""
        status = resource["refund_status"]
        body = self._body(f"REFUND.{status}", REFUND_SUMMARIES[status], "refund", resource)
        return self._deliverer.enqueue(target="refund_notify", lane=lane, url=url, body=body, due_at=due_at)

    def transferred(self, *, url: str, lane: str, resource: dict[str, Any], due_at: float) -> Delivery:
        """Write down the notification of how a transfer has ended, inside the caller's transaction."""
        body = self._body("MCHTRANSFER.BILL.FINISHED", "商家转账单据终态通知", "mch_payment", resource)
        return self._deliverer.enqueue(target="transfer_notify", lane=lane, url=url, body=body, due_at=due_at)

    def probe(self, *, url: str, lane: str, resource: dict[str, Any]) -> Delivery:
        """Send a probe once; its signature is wrong on purpose."""
        body = self._body("TRANSACTION.SUCCESS", "支付成功", "transaction", resource)
        return self._deliverer.send_once(target="probe", lane=lane, url=url, body=body)

    def send(self, delivery: Delivery) -> None:
        """Set a notification going after the commit."""
        self._deliverer.send(delivery)

    def _body(self, event_type: str, summary: str, kind: str, resource: dict[str, Any]) -> str:
        body = {
            "id": "EV-" + random_text(32),
            "create_time": china_time(time.time()),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": summary,
            "resource": encrypt_resource(api_v3_key=self._accounts.api_v3_key, kind=kind, resource=resource),
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
