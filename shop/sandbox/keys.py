"""Accounts and keys of the sandbox's gateways.

Owns the files under the state directory: made once at the first start, all 0600, kept by every later one. `env` holds
what the shop must know and is written anew at each start, because the port may have changed.
"""

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shop.sandbox.signing import random_text

MERCHANT_KEY = "merchant_private_key.pem"
PLATFORM_KEY = "platform_private_key.pem"
PLATFORM_PUBLIC_KEY = "platform_public_key.pem"
ALIPAY_APP_KEY = "alipay_app_private_key.pem"
ALIPAY_KEY = "alipay_private_key.pem"
ALIPAY_PUBLIC_KEY = "alipay_public_key.pem"
ACCOUNTS = "accounts.json"


@dataclass(frozen=True)
class Accounts:
    """What the operators of the real services would hand to a merchant."""

    app_id: str
    app_secret: str
    mch_id: str
    mch_serial: str
    public_key_id: str
    api_v3_key: str
    sms_key: str
    courier_key: str
    alipay_app_id: str
    alipay_seller_id: str


@dataclass(frozen=True)
class Keys:
    """The accounts together with the key pairs of merchant and gateway, and where they lie."""

    folder: Path
    accounts: Accounts
    merchant: RSAPrivateKey
    platform: RSAPrivateKey
    alipay_app: RSAPrivateKey
    alipay_platform: RSAPrivateKey

    def last_mail_port(self) -> int:
        """Where the mail server listened last time, so that a shop that knows it finds it again; 0 the first time."""
        env = self.folder / "env"
        found = re.search(r"^EMAIL_URL=smtp://[^:]+:(\d+)$", env.read_text(), re.MULTILINE) if env.exists() else None
        return int(found[1]) if found else 0

    def write_env(self, *, url: str, mail_url: str) -> None:
        """Write `env`: the shop's settings for these services, one KEY=value a line."""
        accounts = self.accounts
        values = {
            "WECHAT_API_URL": url,
            "WECHAT_APP_ID": accounts.app_id,
            "WECHAT_APP_SECRET": accounts.app_secret,
            "WECHATPAY_GATEWAY_URL": url,
            "WECHATPAY_MCH_ID": accounts.mch_id,
            "WECHATPAY_MCH_SERIAL": accounts.mch_serial,
            "WECHATPAY_PRIVATE_KEY_PATH": self.folder / MERCHANT_KEY,
            "WECHATPAY_PUBLIC_KEY_PATH": self.folder / PLATFORM_PUBLIC_KEY,
            "WECHATPAY_PUBLIC_KEY_ID": accounts.public_key_id,
            "WECHATPAY_API_V3_KEY": accounts.api_v3_key,
            "ALIPAY_GATEWAY_URL": f"{url}/gateway.do",
            "ALIPAY_APP_ID": accounts.alipay_app_id,
            "ALIPAY_SELLER_ID": accounts.alipay_seller_id,
            "ALIPAY_PRIVATE_KEY_PATH": self.folder / ALIPAY_APP_KEY,
            "ALIPAY_PUBLIC_KEY_PATH": self.folder / ALIPAY_PUBLIC_KEY,
            "SMS_GATEWAY_URL": url,
            "SMS_GATEWAY_KEY": accounts.sms_key,
            "EMAIL_URL": mail_url,
            "COURIER_GATEWAY_URL": url,
            "COURIER_KEY": accounts.courier_key,
            "SANDBOX_URL": url,
        }
        _write(self.folder / "env", "".join(f"{key}={value}\n" for key, value in values.items()).encode())


def open_keys(*, folder: Path) -> Keys:
    """Load the keys of a state directory, making those that are missing."""
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    accounts_path = folder / ACCOUNTS
    # A folder of an earlier version lacks the accounts of what was added since.
    known = json.loads(accounts_path.read_text()) if accounts_path.exists() else {}
    accounts = _new_accounts() | known
    if accounts != known:
        _write(accounts_path, json.dumps(accounts, indent=2).encode())
    keys = Keys(
        folder=folder,
        accounts=Accounts(**accounts),
        merchant=_open_rsa(folder / MERCHANT_KEY),
        platform=_open_rsa(folder / PLATFORM_KEY),
        alipay_app=_open_rsa(folder / ALIPAY_APP_KEY),
        alipay_platform=_open_rsa(folder / ALIPAY_KEY),
    )
    for name, key in ((PLATFORM_PUBLIC_KEY, keys.platform), (ALIPAY_PUBLIC_KEY, keys.alipay_platform)):
        _write(folder / name, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return keys


def _new_accounts() -> dict[str, str]:
    return {
        "app_id": "wx" + secrets.token_hex(8),
        "app_secret": secrets.token_hex(16),
        "mch_id": f"16{secrets.randbelow(10**8):08d}",
        "mch_serial": secrets.token_hex(20).upper(),
        "public_key_id": f"PUB_KEY_ID_01{secrets.randbelow(10**32):032d}",
        "api_v3_key": random_text(32),
        "sms_key": random_text(40),
        "courier_key": random_text(40),
        "alipay_app_id": f"2021{secrets.randbelow(10**12):012d}",
        "alipay_seller_id": f"2088{secrets.randbelow(10**12):012d}",
    }


def _open_rsa(path: Path) -> RSAPrivateKey:
    if not path.exists():
        made = generate_private_key(public_exponent=65537, key_size=2048)
        _write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{path} does not hold an RSA key")
    return key


def _write(path: Path, content: bytes) -> None:
    """Write a private file whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_bytes(content)
    draft.replace(path)
