"""How a signature must look before any library sees it."""

import base64
import binascii

RSA2048_BYTES = 256


def is_signature(text: str) -> bool:
    """Base64 of as many bytes as the key has, in its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == RSA2048_BYTES and base64.b64encode(raw).decode() == text
