"""Access tokens of staff: of a kind of their own, so that neither opens a member's door nor a member's opens theirs."""

from datetime import datetime

from shop.core.access_tokens import AccessTokens

_TOKENS = AccessTokens("staff")


def issue_access_token(*, session_id: int, now: datetime) -> str:
    return _TOKENS.issue(now=now, session=session_id)


def read_access_token(raw: str) -> int:
    """The session id of a valid token; raises NotSignedIn for anything else."""
    (session_id,) = _TOKENS.read(raw, "session")
    return session_id
