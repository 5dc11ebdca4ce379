"""Access tokens of members: short-lived, verified without touching the database."""

from datetime import datetime

from shop.core.access_tokens import AccessTokens

_TOKENS = AccessTokens("member")


def issue_access_token(*, member_id: int, session_id: int, now: datetime) -> str:
    return _TOKENS.issue(now=now, member=member_id, session=session_id)


def read_access_token(raw: str) -> tuple[int, int]:
    """The (member id, session id) of a valid token; raises NotSignedIn for anything else."""
    member_id, session_id = _TOKENS.read(raw, "member", "session")
    return member_id, session_id
