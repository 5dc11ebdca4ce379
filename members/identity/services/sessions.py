"""Sessions of members: opened at sign-in, carried on by rotating refresh tokens, ended for good.

Always: a refresh token works once. One that comes back after it was used ends its session, because either its thief or
its owner must sign in again.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.crypto import constant_time_compare

from members.identity.errors import MemberBlocked, SessionEnded
from members.identity.models import Member, MemberSession
from members.identity.origin import Origin
from members.identity.queries import open_sessions
from members.identity.tokens import issue_access_token
from shop.core.errors import NotFound
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str


def open_session(*, member: Member, origin: Origin, now: datetime) -> Tokens:
    """Sign `member` in from `origin`, inside the caller's transaction."""
    key, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    session = MemberSession.objects.create(
        member=member,
        key_hash=_hash(key),
        secret_hash=_hash(secret),
        user_agent=origin.agent[:200],
        address=origin.address,
        device=origin.device,
        created_at=now,
        refreshed_at=now,
        expires_at=now + _lifetime(),
    )
    return _tokens(session, key, secret, now)


def refresh(*, token: str, now: datetime) -> Tokens:
    """Exchange a refresh token for new tokens. Raises SessionEnded or MemberBlocked."""
    tokens = _rotate(token=token, now=now)
    # Raised out here so that the end of a session is not rolled back with the refusal.
    if tokens is None:
        raise SessionEnded
    return tokens


@use_case
def sign_out(*, session_id: int, now: datetime) -> None:
    """End one session; its access token changes nothing from now on, and reads for seconds (`ended_sessions`)."""
    MemberSession.objects.filter(pk=session_id, revoked_at=None).update(revoked_at=now)


@use_case
def end_session(*, member_id: int, session_id: int, now: datetime) -> None:
    """Sign the member out on another device. Raises NotFound, for a session that is over or not theirs too."""
    if not open_sessions(member_id=member_id, now=now).filter(pk=session_id).update(revoked_at=now):
        raise NotFound


def end_sessions(*, member_id: int, now: datetime, but: int | None = None) -> int:
    """End all sessions of a member but one, inside the caller's transaction; returns how many."""
    ended = MemberSession.objects.filter(member_id=member_id, revoked_at=None)
    return (ended.exclude(pk=but) if but else ended).update(revoked_at=now)


def erase_sessions(*, member_id: int, now: datetime) -> int:
    """Forget where a member was signed in, inside the caller's transaction; returns how many sessions.

    The rows stay for some days without a word in them, to refuse the tokens that are still about.
    """
    ended = Coalesce("revoked_at", Value(now))
    sessions = MemberSession.objects.filter(member_id=member_id)
    return sessions.update(revoked_at=ended, user_agent="", address=None, device="")


def forget_sessions(*, before: datetime) -> int:
    """Delete sessions that ran out before `before`; returns how many."""
    return MemberSession.objects.filter(expires_at__lt=before).delete()[0]


@use_case
def _rotate(*, token: str, now: datetime) -> Tokens | None:
    key, _, secret = token.partition(".")
    session = _lock_session(key_hash=_hash(key))
    if session is None or session.revoked_at is not None or session.expires_at <= now:
        return None
    if not constant_time_compare(session.secret_hash, _hash(secret)):
        log.warning("refresh_token_reused", session=session.pk)
        session.revoked_at = now
        session.save(update_fields=["revoked_at"])
        return None
    if session.member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    secret = secrets.token_urlsafe(32)
    session.secret_hash = _hash(secret)
    session.refreshed_at, session.expires_at = now, now + _lifetime()
    session.save(update_fields=["secret_hash", "refreshed_at", "expires_at"])
    return _tokens(session, key, secret, now)


def _lock_session(*, key_hash: str) -> MemberSession | None:
    sessions = MemberSession.objects.select_related("member").select_for_update(no_key=True, of=("self",))
    return sessions.filter(key_hash=key_hash).first()


def _tokens(session: MemberSession, key: str, secret: str, now: datetime) -> Tokens:
    access = issue_access_token(member_id=session.member_id, session_id=session.pk, now=now)
    return Tokens(access=access, refresh=f"{key}.{secret}")


def _lifetime() -> timedelta:
    return timedelta(days=settings.REFRESH_TOKEN_DAYS)


def _hash(part: str) -> str:
    # Random parts of 128 bits and more need no slow or keyed hash.
    return hashlib.sha256(part.encode()).hexdigest()
