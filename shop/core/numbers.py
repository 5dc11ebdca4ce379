"""Public numbers of orders, payments and the like: date first for people, random tail against guessing."""

import secrets
from datetime import datetime

from shop.core.clock import SHANGHAI


def new_number(prefix: str, now: datetime) -> str:
    """`prefix` + yymmddHHMMSS in Asia/Shanghai + eight random digits; a unique constraint stands behind every use."""
    return f"{prefix}{now.astimezone(SHANGHAI):%y%m%d%H%M%S}{secrets.randbelow(10**8):08d}"
