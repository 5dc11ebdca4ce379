"""Sessions that ended while their access tokens still live: what stops reading with such a token.

Writing asks Postgres about the session each time. Reading runs on the token alone, so that it costs no query; each
process keeps the few sessions that ended within the life of a token, and reads them anew every few seconds.
"""

import time
from datetime import datetime, timedelta

from django.conf import settings

from members.identity.errors import SessionEnded
from members.identity.models import MemberSession

REFRESH_SECONDS = 5.0

_kept: tuple[float, frozenset[int]] = (float("-inf"), frozenset())


def refuse_ended(*, session_id: int, now: datetime) -> None:
    """Raises SessionEnded when the session had ended at the last look, at most REFRESH_SECONDS ago."""
    global _kept
    looked_at, ended = _kept
    if time.monotonic() - looked_at > REFRESH_SECONDS:
        # Marked as read before it is read, so that of many threads one asks.
        _kept = (time.monotonic(), ended)
        ended = _read(now)
        _kept = (time.monotonic(), ended)
    if session_id in ended:
        raise SessionEnded


def keep_as_read(*, at: float) -> None:
    """Take it that nothing had ended at `at`, on the monotonic clock (tests)."""
    global _kept
    _kept = (at, frozenset())


def _read(now: datetime) -> frozenset[int]:
    since = now - timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
    return frozenset(MemberSession.objects.filter(revoked_at__gt=since).values_list("pk", flat=True))
