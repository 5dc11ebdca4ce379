"""Codes as people show, type and scan them.

A pickup code is not kept but follows from the key of the shop, so that it can be shown again as long as the goods wait;
a new version makes the one before it worthless. After a change of `SECRET_KEY` members ask for new codes.
"""

import hmac
from hashlib import sha256

from django.utils.crypto import salted_hmac

from shop.core.shown_codes import drawn, is_drawn, plain

PICKUP = "P"


def hash_of(code: str) -> bytes:
    return hmac.digest(_key("hash"), plain(code).encode(), sha256)


def pickup_code(*, order_number: str, version: int) -> str:
    return drawn(PICKUP, hmac.digest(_key("pickup"), f"{order_number}:{version}".encode(), sha256))


def is_pickup_code(code: str) -> bool:
    return is_drawn(PICKUP, code)


def _key(use: str) -> bytes:
    return salted_hmac("orders.verification.codes", use, algorithm="sha256").digest()
