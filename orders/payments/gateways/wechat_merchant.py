"""A merchant's account at WeChat Pay: how everything is asked of it, and how what it tells is read."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx
import structlog

from orders.payments.errors import NotificationRefused, PaymentRefused
from orders.payments.gateways.answers import unavailable
from orders.payments.gateways.wechat_client import BadAnswer, WechatAccount, wechat_client
from orders.payments.gateways.wechat_notifications import checked_headers

_BUSY_CODES = {"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "BANK_ERROR", "SYSTEM_ERROR"}

log = structlog.get_logger(__name__)


class WechatMerchant:
    """Safe to share between threads."""

    def __init__(self, account: WechatAccount) -> None:
        self._account = account
        self._client = wechat_client(account)

    def _message(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, Any]:
        """What a notification says, without calling anybody. Raises NotificationRefused unless it is genuine."""
        checked, text = checked_headers(headers=headers, body=body, serial=self._account.public_key_id, now=now)
        try:
            message = self._client.callback(headers=checked, body=text)
        except Exception as error:
            # The SDK lets whatever its parsing met escape: a bad key, bad base64, bad JSON.
            raise NotificationRefused(reason="sdk") from error
        if not isinstance(message, dict):
            raise NotificationRefused(reason="signature")
        return message

    def _call(self, send: Callable[[], tuple[int, str]]) -> dict[str, Any]:
        """Send and read the answer. Raises PaymentGatewayUnavailable, PaymentRefused(gateway_code, gateway_message)."""
        try:
            status, text = send()
            answer = json.loads(text) if text else {}
        except (httpx.HTTPError, BadAnswer, ValueError) as error:
            log.warning("payment_gateway_failed", error=f"{type(error).__name__}: {error}")
            raise unavailable() from error
        if not isinstance(answer, dict):
            raise unavailable()
        if 200 <= status < 300:
            return answer
        code, message = str(answer.get("code", status)), str(answer.get("message", ""))
        log.warning("payment_gateway_refused", status=status, gateway_code=code, gateway_message=message)
        if status >= 500 or status == 429 or code in _BUSY_CODES:
            raise unavailable()
        raise PaymentRefused(gateway_code=code, gateway_message=message)
