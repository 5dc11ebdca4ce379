"""Signing staff in to the API, with the accounts of the admin and the same lock-out after wrong passwords.

Always: a refresh token works once, and one that comes back after it was used ends its session; a session ends at once
when its account is disabled or leaves the staff, and when its password or permissions change.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from shop.core.client_address import client_address
from shop.core.models import StaffUser
from shop.core.transactions import use_case
from shop.staff.errors import CredentialsWrong, SignInLocked, StaffSessionEnded
from shop.staff.models import StaffSession
from shop.staff.tokens import issue_access_token

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class StaffTokens:
    access: str
    refresh: str


def sign_in(*, request: HttpRequest, username: str, password: str, now: datetime) -> StaffTokens:
    """Tokens for an account of the staff. Raises CredentialsWrong or SignInLocked.

    Asks the same backends as the admin, which count wrong passwords by the request's address.
    """
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        # Taken off, or the middleware of axes would answer in its own words.
        request.axes_locked_out = False  # type: ignore[attr-defined]
        cool_off = get_cool_off(request)
        raise SignInLocked(retry_after=int(cool_off.total_seconds()) if cool_off else None)
    if not isinstance(user, StaffUser) or not user.is_staff:
        raise CredentialsWrong
    agent = request.headers.get("User-Agent", "")
    return _open(staff=user, agent=agent, address=client_address(request), now=now)


def refresh(*, token: str, now: datetime) -> StaffTokens:
    """Exchange a refresh token for new tokens. Raises StaffSessionEnded."""
    tokens = _rotate(token=token, now=now)
    # Raised out here so that the end of a session is not rolled back with the refusal.
    if tokens is None:
        raise StaffSessionEnded
    return tokens


@use_case
def sign_out(*, session_id: int, now: datetime) -> None:
    """End one session; its tokens stop working at once."""
    StaffSession.objects.filter(pk=session_id, revoked_at=None).update(revoked_at=now)


def present_staff(*, session_id: int, now: datetime) -> StaffUser:
    """Who is behind a session, with their permissions read. Raises StaffSessionEnded when it is not good any more."""
    session = StaffSession.objects.select_related("staff").filter(pk=session_id).first()
    if session is None or not _is_good(session, now):
        raise StaffSessionEnded
    return session.staff


def forget_sessions(*, before: datetime) -> int:
    """Delete sessions that ran out before `before`; returns how many."""
    return StaffSession.objects.filter(expires_at__lt=before).delete()[0]


@use_case
def _open(*, staff: StaffUser, agent: str, address: str | None, now: datetime) -> StaffTokens:
    key, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    session = StaffSession.objects.create(
        staff=staff,
        key_hash=_hash(key),
        secret_hash=_hash(secret),
        standing=_standing(staff),
        user_agent=agent[:200],
        address=address,
        created_at=now,
        refreshed_at=now,
        expires_at=now + _lifetime(),
    )
    update_last_login(StaffUser, staff)
    return _tokens(session, key, secret, now)


@use_case
def _rotate(*, token: str, now: datetime) -> StaffTokens | None:
    key, _, secret = token.partition(".")
    sessions = StaffSession.objects.select_related("staff").select_for_update(no_key=True, of=("self",))
    session = sessions.filter(key_hash=_hash(key)).first()
    if session is None or not _is_good(session, now):
        return None
    if not constant_time_compare(session.secret_hash, _hash(secret)):
        log.warning("staff_refresh_token_reused", session=session.pk)
        session.revoked_at = now
        session.save(update_fields=["revoked_at"])
        return None
    secret = secrets.token_urlsafe(32)
    session.secret_hash = _hash(secret)
    session.refreshed_at, session.expires_at = now, now + _lifetime()
    session.save(update_fields=["secret_hash", "refreshed_at", "expires_at"])
    return _tokens(session, key, secret, now)


def _is_good(session: StaffSession, now: datetime) -> bool:
    if session.revoked_at is not None or session.expires_at <= now:
        return False
    staff = session.staff
    return staff.is_active and staff.is_staff and constant_time_compare(session.standing, _standing(staff))


def _standing(staff: StaffUser) -> str:
    """What an account may do and by which password, as a digest."""
    may = "everything" if staff.is_superuser else ",".join(sorted(staff.get_all_permissions()))
    return salted_hmac("shop.staff.standing", f"{staff.password}:{may}", algorithm="sha256").hexdigest()


def _tokens(session: StaffSession, key: str, secret: str, now: datetime) -> StaffTokens:
    return StaffTokens(access=issue_access_token(session_id=session.pk, now=now), refresh=f"{key}.{secret}")


def _lifetime() -> timedelta:
    return timedelta(days=settings.STAFF_REFRESH_TOKEN_DAYS)


def _hash(part: str) -> str:
    # Random parts of 128 bits and more need no slow or keyed hash.
    return hashlib.sha256(part.encode()).hexdigest()
