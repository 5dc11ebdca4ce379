"""Whether a member may use the shop."""

from datetime import datetime

import structlog

from members.identity.models import Member
from members.identity.services.sessions import end_sessions
from shop.core.actors import Actor
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)


@use_case
def block_member(*, member_id: int, actor: Actor, now: datetime) -> bool:
    """Refuse the member from now on and end all sessions; returns whether this changed anything."""
    if not _move(member_id, Member.Status.ACTIVE, Member.Status.BLOCKED):
        return False
    ended = end_sessions(member_id=member_id, now=now)
    log.info("member_blocked", member=member_id, actor=str(actor), sessions_ended=ended)
    return True


@use_case
def unblock_member(*, member_id: int, actor: Actor, now: datetime) -> bool:
    """Let the member sign in again; returns whether this changed anything."""
    changed = _move(member_id, Member.Status.BLOCKED, Member.Status.ACTIVE)
    if changed:
        log.info("member_unblocked", member=member_id, actor=str(actor))
    return changed


def _move(member_id: int, current: Member.Status, target: Member.Status) -> bool:
    return bool(Member.objects.filter(pk=member_id, status=current).update(status=target))
