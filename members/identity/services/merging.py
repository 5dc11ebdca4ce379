"""Two accounts of one person become one.

Always: the account without a phone becomes part of the one that has it, with everything that hangs on it, in one
transaction; what is left of it is nobody's. A request with an old token may still be under way, so what arrives there
late is moved on until that is impossible.
"""

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from members.identity.errors import MemberBlocked
from members.identity.locks import lock_members
from members.identity.models import AccountMerge, Cancellation, Member
from members.identity.rooms import move_everything
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)

_MARGIN = timedelta(minutes=30)


def merge_accounts(*, source_id: int, target_id: int, now: datetime) -> Member:
    """Make `source` part of `target` and return that, inside the caller's transaction; again, it stays so.

    Raises MemberBlocked when either of them is not active.
    """
    rows = lock_members(source_id, target_id)
    source, target = rows[source_id], rows[target_id]
    if source.merged_into_id == target_id:
        return target
    if not source.status == target.status == Member.Status.ACTIVE:
        raise MemberBlocked
    moved = move_everything(source_id=source_id, target_id=target_id, now=now)
    Cancellation.objects.filter(member=source, withdrawn_at=None, erased_at=None).update(withdrawn_at=now)
    _hand_over_profile(source, target)
    AccountMerge.objects.create(source=source, target=target, merged_at=now, moved=moved)
    log.info("accounts_merged", source=source_id, target=target_id, **moved)
    return target


def move_strays(*, now: datetime) -> int:
    """Move on what has arrived at accounts since they were merged; returns how many rows."""
    since = now - timedelta(minutes=settings.ACCESS_TOKEN_MINUTES) - _MARGIN
    recent = AccountMerge.objects.filter(merged_at__gt=since).values_list("pk", flat=True)
    return sum(_move_strays_of(merge_id=pk, now=now) for pk in recent)


@use_case
def _move_strays_of(*, merge_id: int, now: datetime) -> int:
    merge = AccountMerge.objects.get(pk=merge_id)
    lock_members(merge.source_id, merge.target_id)
    moved = move_everything(source_id=merge.source_id, target_id=merge.target_id, now=now)
    if moved:
        merge.moved = dict(Counter(merge.moved) + Counter(moved))
        merge.save(update_fields=["moved"])
    return sum(moved.values())


def _hand_over_profile(source: Member, target: Member) -> None:
    """The target takes over the WeChat account, and what it has not said about itself; the source keeps nothing."""
    taken = {name: getattr(target, name) or getattr(source, name) for name in ("nickname", "avatar_url")}
    if target.birthday is None:
        taken |= {"birthday": source.birthday, "birthday_set_on": target.birthday_set_on or source.birthday_set_on}
    taken |= {"openid": source.openid, "unionid": source.unionid or target.unionid}
    Member.objects.filter(pk=source.pk).update(
        status=Member.Status.MERGED,
        merged_into=target,
        openid=None,
        unionid="",
        nickname="",
        avatar_url="",
        birthday=None,
        birthday_set_on=None,
    )
    for name, value in taken.items():
        setattr(target, name, value)
    target.save(update_fields=list(taken))
