"""The SMS gateway: one call, three outcomes.

`SMS_GATEWAY_URL` chooses it: an address for a gateway over HTTP, `console` for messages in the log, where developers
without a gateway read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx
import structlog
from django.conf import settings

from shop.core.outbound import http_client

log = structlog.get_logger(__name__)

CONSOLE = "console"
_WORTH_RETRYING = {408, 425, 429}


@dataclass(frozen=True)
class Sms:
    """`phone` is E.164. The gateway sends one message for all calls with the same `reference`, where there is one."""

    phone: str
    template: str
    text: str
    params: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


class SmsNotSent(Exception):
    """The gateway did not take the message; `retryable` tells whether it may take it later."""

    def __init__(self, code: str, *, retryable: bool) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable


class SmsUncertain(Exception):
    """The gateway did not answer: the message may be on its way."""


class SmsGateway(Protocol):
    def send(self, message: Sms) -> str:
        """Hand over one message; returns the gateway's number for it. Raises SmsNotSent or SmsUncertain."""
        ...


class HttpSmsGateway:
    def send(self, message: Sms) -> str:
        if not settings.SMS_GATEWAY_URL:
            raise SmsNotSent("no_gateway", retryable=False)
        body = {
            "phone": message.phone,
            "template": message.template,
            "params": dict(message.params),
            "text": message.text,
        }
        if message.reference:
            body["reference"] = message.reference
        try:
            answer = http_client().post(
                f"{settings.SMS_GATEWAY_URL}/sms/send",
                json=body,
                headers={"Authorization": f"Bearer {settings.SMS_GATEWAY_KEY}"},
                timeout=settings.OUTBOUND_TIMEOUT_SECONDS,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            log.warning("sms_not_sent", template=message.template, error=type(error).__name__)
            raise SmsNotSent("unreachable", retryable=True) from error
        except httpx.HTTPError as error:
            log.warning("sms_uncertain", template=message.template, error=type(error).__name__)
            raise SmsUncertain from error
        told = _json(answer)
        if not answer.is_success:
            code = str(told.get("code") or f"http_{answer.status_code}")
            log.warning("sms_not_sent", template=message.template, status=answer.status_code, code=code)
            raise SmsNotSent(code, retryable=answer.status_code >= 500 or answer.status_code in _WORTH_RETRYING)
        return str(told.get("message_id") or "")


class ConsoleSmsGateway:
    def send(self, message: Sms) -> str:
        log.info("sms", phone=message.phone, template=message.template, text=message.text)
        return CONSOLE


def send_sms(message: Sms) -> str:
    """Hand one message to the gateway; not to be called inside a transaction. Raises SmsNotSent or SmsUncertain."""
    gateway: SmsGateway = ConsoleSmsGateway() if settings.SMS_GATEWAY_URL == CONSOLE else HttpSmsGateway()
    return gateway.send(message)


def _json(answer: httpx.Response) -> Mapping[str, object]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
