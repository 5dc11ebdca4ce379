"""Those who call the sandbox: the real WeChat Pay client, and one that signs for the couriers."""

import hashlib
import hmac
import json
import time
from itertools import count
from pathlib import Path

import httpx
from wechatpayv3 import WeChatPay, WeChatPayType

from shop.sandbox.process import SandboxProcess
from shop.sandbox.tests.merchant import Merchant

_numbers = count(1)


def new_number(prefix: str) -> str:
    """An order or reference number that was not used before."""
    return f"{prefix}{time.time_ns()}{next(_numbers)}"


def courier_headers(key: str, body: bytes, *, timestamp: str | None = None) -> dict[str, str]:
    """Sign a courier request, written out apart from the code under test."""
    timestamp = timestamp or str(int(time.time()))
    signature = hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()
    return {"X-Timestamp": timestamp, "X-Signature": signature}


def new_waybill(sandbox: SandboxProcess, merchant: Merchant) -> str:
    """Book a waybill and return its tracking number."""
    reference = new_number("S")
    waybill = {"reference": reference, "carrier": "SF", "callback_url": f"{merchant.url}/tracking"}
    body = json.dumps(waybill).encode()
    headers = courier_headers(sandbox.env["COURIER_KEY"], body)
    answer = httpx.post(f"{sandbox.url}/couriers/waybills", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["tracking_number"]
    return number


def pay_client(env: dict[str, str], *, private_key: str | None = None, notify_url: str | None = None) -> WeChatPay:
    """The real client, pointed at the sandbox by the settings that the sandbox wrote."""
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=env["WECHATPAY_MCH_ID"],
        private_key=private_key or Path(env["WECHATPAY_PRIVATE_KEY_PATH"]).read_text(),
        cert_serial_no=env["WECHATPAY_MCH_SERIAL"],
        appid=env["WECHAT_APP_ID"],
        apiv3_key=env["WECHATPAY_API_V3_KEY"],
        notify_url=notify_url,
        timeout=(5, 10),
        public_key=Path(env["WECHATPAY_PUBLIC_KEY_PATH"]).read_text(),
        public_key_id=env["WECHATPAY_PUBLIC_KEY_ID"],
    )
    client._core._gate_way = env["WECHATPAY_GATEWAY_URL"]
    return client
