"""Access tokens of staff: of a kind of their own, so that neither opens a member's door nor a member's opens theirs."""

from datetime import datetime, timedelta

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from shop.core.errors import NotSignedIn


class StaffAccessToken(Token):
    token_type = "staff"
    lifetime = timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)


def issue_access_token(*, session_id: int, now: datetime) -> str:
    token = StaffAccessToken()
    token["session"] = session_id
    token.set_iat(at_time=now)
    token.set_exp(from_time=now, lifetime=StaffAccessToken.lifetime)
    return str(token)


def read_access_token(raw: str) -> int:
    """The session id of a valid token; raises NotSignedIn for anything else."""
    try:
        return int(StaffAccessToken(raw)["session"])  # type: ignore[arg-type]
    except (TokenError, KeyError, ValueError, TypeError) as error:
        raise NotSignedIn from error
