"""The SMS gateway: one call, three outcomes."""

from collections.abc import Mapping

import httpx
import structlog
from django.conf import settings

from shop.core.outbound import http_client

log = structlog.get_logger(__name__)


class SmsNotSent(Exception):
    """The gateway did not take the message."""


class SmsUncertain(Exception):
    """The gateway did not answer: the message may be on its way."""


def send_sms(*, phone: str, template: str, params: Mapping[str, str], text: str) -> None:
    """Hand one message to the gateway; not to be called inside a transaction. Raises SmsNotSent or SmsUncertain."""
    try:
        answer = http_client().post(
            f"{settings.SMS_GATEWAY_URL}/sms/send",
            json={"phone": phone, "template": template, "params": dict(params), "text": text},
            headers={"Authorization": f"Bearer {settings.SMS_GATEWAY_KEY}"},
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
        log.warning("sms_not_sent", template=template, error=type(error).__name__)
        raise SmsNotSent from error
    except httpx.HTTPError as error:
        log.warning("sms_uncertain", template=template, error=type(error).__name__)
        raise SmsUncertain from error
    if not answer.is_success:
        log.warning("sms_not_sent", template=template, status=answer.status_code)
        raise SmsNotSent
