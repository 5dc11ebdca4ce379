"""The cryptography of the protocols: RSA for WeChat Pay, AES-GCM for its notifications, HMAC for couriers."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import string

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """A random string of letters and digits, as gateways use for nonces and keys."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def rsa_sign(*, key: RSAPrivateKey, message: str) -> str:
    """Sign by SHA256-RSA2048 and return the signature in base64."""
    return base64.b64encode(key.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def rsa_matches(*, key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Tell whether the base64 signature is that of the message."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def encrypt_resource(*, api_v3_key: str, kind: str, resource: dict[str, object]) -> dict[str, str]:
    """Encrypt what a notification is about, with AEAD_AES_256_GCM under the merchant's API v3 key."""
    nonce = random_text(12)
    plain = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
    return {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": kind,
        "nonce": nonce,
    }


def hmac_hex(*, key: str, timestamp: str, body: bytes) -> str:
    """The courier signature: HMAC-SHA256 of the timestamp followed by the body, in hexadecimal."""
    return hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()
