"""Access tokens of members: short-lived, verified without touching the database."""

from datetime import datetime, timedelta

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from shop.core.errors import NotSignedIn


class MemberAccessToken(Token):
    token_type = "member"
    lifetime = timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)


def issue_access_token(*, member_id: int, session_id: int, now: datetime) -> str:
    token = MemberAccessToken()
    token["member"], token["session"] = member_id, session_id
    token.set_iat(at_time=now)
    token.set_exp(from_time=now, lifetime=MemberAccessToken.lifetime)
    return str(token)


def read_access_token(raw: str) -> tuple[int, int]:
    """The (member id, session id) of a valid token; raises NotSignedIn for anything else."""
    try:
        token = MemberAccessToken(raw)  # type: ignore[arg-type]
        return int(token["member"]), int(token["session"])
    except (TokenError, KeyError, ValueError, TypeError) as error:
        raise NotSignedIn from error
