"""Access tokens: JWTs of a few claims, signed with the shop's key (HS256), read without asking anybody."""

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

    def read(self, raw: str, *names: str) -> tuple[int, ...]:
        """These claims of a token that was issued here and lives; raises NotSignedIn for anything else."""
        try:
            claims = jwt.decode(raw, settings.SECRET_KEY, algorithms=[_ALGORITHM], options=_OPTIONS)
            if claims["token_type"] != self.kind or claims["exp"] <= time():
                raise NotSignedIn
            return tuple([int(claims[name]) for name in names])
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise NotSignedIn from error
