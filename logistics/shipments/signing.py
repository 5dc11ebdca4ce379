"""The courier gateway's signature: HMAC-SHA256 over timestamp and body, both ways."""

import hashlib
import hmac
import re
from datetime import datetime

WINDOW_SECONDS = 300
TIMESTAMP_HEADER, SIGNATURE_HEADER = "X-Timestamp", "X-Signature"


def sign(*, key: str, timestamp: str, body: bytes) -> str:
    return hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()


def is_genuine(*, key: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether `body` was signed with `key` not more than five minutes from `now`; an empty key accepts nothing."""
    if not key or not re.fullmatch(r"[0-9]{10}", timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        return False
    return hmac.compare_digest(sign(key=key, timestamp=timestamp, body=body).encode(), signature.encode())
