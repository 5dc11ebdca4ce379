"""What must hold before the SDK may look at a notification.

The SDK accepts a valid message however old, calls out for serials that it does not know, and breaks on headers of an
odd shape. All of that is refused here, with nothing but comparisons.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from orders.payments.errors import NotificationRefused
from orders.payments.gateways.signatures import is_signature

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
WINDOW_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z]{8,64}", re.ASCII)


def checked_headers(
    *, headers: Mapping[str, str], body: bytes, serial: str, now: datetime
) -> tuple[dict[str, str], str]:
    """The four headers that the signature stands on, and the body as text. Raises NotificationRefused."""
    names = ("Signature-Type", "Serial", "Timestamp", "Nonce", "Signature")
    found = {name: headers.get(f"Wechatpay-{name}", "") for name in names}
    if found["Signature-Type"] != SIGNATURE_TYPE or found["Serial"] != serial:
        raise NotificationRefused(reason="serial")
    if not _TIMESTAMP.fullmatch(found["Timestamp"]) or not _NONCE.fullmatch(found["Nonce"]):
        raise NotificationRefused(reason="headers")
    if abs(now.timestamp() - int(found["Timestamp"])) > WINDOW_SECONDS:
        raise NotificationRefused(reason="stale")
    if found["Signature"].startswith(PROBE) or not is_signature(found["Signature"]):
        raise NotificationRefused(reason="signature")
    if len(body) > MAX_BODY_BYTES:
        raise NotificationRefused(reason="size")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotificationRefused(reason="encoding") from error
    return {f"Wechatpay-{name}": value for name, value in found.items()}, text
