"""How prize codes are kept: sealed with a key of this shop, found again by a fingerprint.

They come from elsewhere and must be shown once won, so that a hash alone would not do. Keys follow from the shop's
secret; where that changes, the one before must stand in SECRET_KEY_FALLBACKS for as long as codes are to be read.
"""

import base64
import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def seal(code: str) -> bytes:
    return _box().encrypt(code.encode())


def unseal(sealed: bytes | memoryview) -> str:
    return _box().decrypt(bytes(sealed)).decode()


def fingerprint(code: str) -> bytes:
    return hmac.digest(_key("fingerprint", settings.SECRET_KEY), code.encode(), sha256)


def _box() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_key("seal", each))) for each in secrets])


def _key(use: str, secret: str) -> bytes:
    return salted_hmac("promotions.lottery.codes", use, secret=secret, algorithm="sha256").digest()
