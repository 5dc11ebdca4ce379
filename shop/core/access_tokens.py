"""Access tokens: JWTs of a few claims, signed with the shop's key (HS256), read without asking anybody.

Written out, because every request of somebody signed in passes here, and a library takes ten times as long as the
signature. One header is accepted, the one that is issued, so that no token chooses how it is verified.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any

import orjson
from django.conf import settings

from shop.core.errors import NotSignedIn

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


@dataclass(frozen=True)
class AccessTokens:
    """Those of one `kind`, which opens no other's doors."""

    kind: str

    def issue(self, *, now: datetime, **claims: int) -> str:
        """A token that lives for ACCESS_TOKEN_MINUTES."""
        until = now + timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
        said = {"token_type": self.kind, "iat": int(now.timestamp()), "exp": int(until.timestamp()), **claims}
        signed = b".".join([_HEADER, base64.urlsafe_b64encode(orjson.dumps(said)).rstrip(b"=")])
        return b".".join([signed, _signature(signed)]).decode()

    def read(self, raw: str) -> Mapping[str, Any]:
        """The claims of a token that was issued here and lives; raises NotSignedIn for anything else."""
        signed, _dot, signature = raw.encode().rpartition(b".")
        head, _dot, said = signed.partition(b".")
        if head != _HEADER or not hmac.compare_digest(signature, _signature(signed)):
            raise NotSignedIn
        claims = orjson.loads(base64.urlsafe_b64decode(said + b"=" * (-len(said) % 4)))
        if claims["token_type"] != self.kind or claims["exp"] <= time():
            raise NotSignedIn
        return claims


def _signature(signed: bytes) -> bytes:
    digest = hmac.digest(settings.SECRET_KEY.encode(), signed, sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
