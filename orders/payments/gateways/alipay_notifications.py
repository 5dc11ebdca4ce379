"""What must hold before the SDK may look at a notification: a form of one spelling, of our app, of these days.

Alipay sends a message again for a day, with the time of the first try; what is older is somebody else's doing.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from orders.payments.errors import NotificationRefused
from orders.payments.gateways.signatures import is_signature
from shop.core.clock import SHANGHAI

MAX_BODY_BYTES = 64 * 1024
MOST_FIELDS = 100
SENT_FOR = timedelta(hours=25)
AHEAD = timedelta(minutes=5)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def checked_form(*, body: bytes, app_id: str, now: datetime) -> tuple[dict[str, str], str]:
    """The signed fields of the form, and the signature. Raises NotificationRefused."""
    if len(body) > MAX_BODY_BYTES:
        raise NotificationRefused(reason="size")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise NotificationRefused(reason="encoding") from error
    form = dict(pairs)
    if len(form) != len(pairs) or form.get("charset", "").lower() != "utf-8":
        raise NotificationRefused(reason="encoding")
    if form.get("app_id") != app_id:
        raise NotificationRefused(reason="app")
    if not _is_of_these_days(form.get("notify_time", ""), now=now):
        raise NotificationRefused(reason="stale")
    if form.pop("sign_type", "") != "RSA2" or not is_signature(signature := form.pop("sign", "")):
        raise NotificationRefused(reason="signature")
    return form, signature


def _is_of_these_days(text: str, *, now: datetime) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        sent_at = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        return False
    return now - SENT_FOR <= sent_at <= now + AHEAD
