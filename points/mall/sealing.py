"""How codes are kept: sealed with a key of this shop, found again by a fingerprint; and what is shown in a store.

Codes come from elsewhere and must be read once redeemed, so that a hash alone would not do. Keys follow from the
shop's secrets; where `SECRET_KEY` changes, the one before must stand in SECRET_KEY_FALLBACKS for as long as codes are
read and vouchers shown.
"""

import hmac
from hashlib import sha256

from shop.core.sealing import Box
from shop.core.shown_codes import drawn, is_drawn, plain

BOX = Box("points.mall.codes")
SERVICE = "V"


def shown_code(voucher_number: str) -> str:
    """What the member shows for a service: it follows from the number, so that it can be shown again and again."""
    return drawn(SERVICE, hmac.digest(BOX.key("shown"), voucher_number.encode(), sha256))


def is_shown_code(code: str) -> bool:
    return is_drawn(SERVICE, plain(code))


def shown_hash(code: str) -> bytes:
    return hmac.digest(BOX.key("hash"), plain(code).encode(), sha256)
