"""Secrets that must be read again: sealed with keys that follow from the shop's own.

Where `SECRET_KEY` changes, the ones before must stand in SECRET_KEY_FALLBACKS, the oldest last, for as long as they are
to be read. What is looked up by its fingerprint stays findable, because fingerprints follow from the oldest.
"""

import base64
import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class Box:
    """`salt` keeps the keys of one use from those of another."""

    def __init__(self, salt: str) -> None:
        self.salt = salt

    def seal(self, text: str) -> bytes:
        return self._fernet().encrypt(text.encode())

    def unseal(self, sealed: bytes | memoryview) -> str:
        return self._fernet().decrypt(bytes(sealed)).decode()

    def fingerprint(self, text: str) -> bytes:
        """The same for the same text, and telling nothing of it to who has not the key."""
        return hmac.digest(self.key("fingerprint"), text.encode(), sha256)

    def key(self, use: str) -> bytes:
        """One that stays the same when `SECRET_KEY` changes and the one before is kept."""
        return self._key(use, _secrets()[-1])

    def _key(self, use: str, secret: str) -> bytes:
        return salted_hmac(self.salt, use, secret=secret, algorithm="sha256").digest()

    def _fernet(self) -> MultiFernet:
        return MultiFernet([Fernet(base64.urlsafe_b64encode(self._key("seal", each))) for each in _secrets()])


def _secrets() -> list[str]:
    """The newest first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
