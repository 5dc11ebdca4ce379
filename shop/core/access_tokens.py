"""Access tokens: JWTs of a few claims, signed with the shop's key (HS256), read without asking anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import time
from typing import Any

import jwt
from django.conf import settings

from shop.core.errors import NotSignedIn

_ALGORITHM = "HS256"
# The clock is read below, by the second.
_OPTIONS: Any = {"verify_exp": False, "verify_iat": False, "require": ["exp", "token_type"]}


@dataclass(frozen=True)
class AccessTokens:
    """Those of one `kind`, which opens no other's doors."""

    kind: str

    def issue(self, *, now: datetime, **claims: int) -> str:
        """A token that lives for ACCESS_TOKEN_MINUTES."""
        until = now + timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
        said = {"token_type": self.kind, "iat": int(now.timestamp()), "exp": int(until.timestamp()), **claims}
        return jwt.encode(said, settings.SECRET_KEY, algorithm=_ALGORITHM)

    def read(self, raw: str) -> Mapping[str, Any]:
        """The claims of a token that was issued here and lives; raises NotSignedIn for anything else."""
        try:
            claims = jwt.decode(raw, settings.SECRET_KEY, algorithms=[_ALGORITHM], options=_OPTIONS)
        except jwt.InvalidTokenError as error:
            raise NotSignedIn from error
        if claims["token_type"] != self.kind or claims["exp"] <= time():
            raise NotSignedIn
        return claims
