"""A member leaves: proves who they are, may change their mind for some days, and is then erased in every room.

Always: nobody is erased while something of theirs is open (an order under way, money to come back); what the law wants
kept stays without a name on it.
"""

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.utils.translation import gettext_lazy as _

from members.identity import wechat
from members.identity.errors import CancellationBlocked, WechatLoginCodeInvalid
from members.identity.locks import lock_active_member, lock_members
from members.identity.models import Cancellation, Member
from members.identity.preferences import COOL_OFF_DAYS
from members.identity.queries import active_member, open_cancellations
from members.identity.rooms import erase_everything, obstacles
from members.identity.services.phone_codes import check_phone_code, claim_phone_code
from shop.core.errors import Detail, InvalidInput, NotFound
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)

_TRY_AGAIN_AFTER = timedelta(days=1)


def request_cancellation(*, member_id: int, code: str, login_code: str, now: datetime) -> Cancellation:
    """Ask to be erased after the cool-off, proven by a code sent to the member's phone, or by WeChat's login code where
    there is no phone. Asked again, the first request stays.

    Raises InvalidInput, PhoneCodeInvalid, WechatLoginCodeInvalid, WechatUnavailable, CancellationBlocked.
    """
    member = active_member(member_id=member_id)
    if member.phone is None:
        _require(login_code, "/login_code")
        if wechat.exchange_login_code(login_code).openid != member.openid:
            raise WechatLoginCodeInvalid
        return _open(member_id=member_id, code_id=None, now=now)
    _require(code, "/code")
    code_id = check_phone_code(phone=member.phone, code=code, now=now)
    return _open(member_id=member_id, code_id=code_id, now=now)


@use_case
def withdraw_cancellation(*, member_id: int, now: datetime) -> None:
    """The member stays. Raises NotFound when nothing was asked for, or all is erased."""
    lock_active_member(member_id=member_id)
    if not open_cancellations().filter(member_id=member_id).update(withdrawn_at=now):
        raise NotFound


def erase_due(*, now: datetime, limit: int = 500) -> dict[str, int]:
    """Erase the members whose cool-off is over, each in a transaction; who has something open waits another day."""
    due = open_cancellations().filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[:limit]
    done = [_erase(cancellation_id=pk, now=now) for pk in list(due)]
    return {"erased": done.count(True), "postponed": done.count(False)}


@use_case
def _open(*, member_id: int, code_id: int | None, now: datetime) -> Cancellation:
    lock_active_member(member_id=member_id)
    if code_id is not None:
        claim_phone_code(code_id=code_id, now=now)
    known = open_cancellations().filter(member_id=member_id).first()
    if known is not None:
        return known
    found = obstacles(member_id=member_id)
    if found:
        raise CancellationBlocked(details=found)
    due_at = now + timedelta(days=COOL_OFF_DAYS.value())
    return Cancellation.objects.create(member_id=member_id, requested_at=now, due_at=due_at)


@use_case
def _erase(*, cancellation_id: int, now: datetime) -> bool | None:
    """True when erased, False when postponed, None when somebody else was faster."""
    member_id = Cancellation.objects.values_list("member_id", flat=True).get(pk=cancellation_id)
    member = lock_members(member_id)[member_id]
    cancellation = open_cancellations().filter(pk=cancellation_id, due_at__lte=now).first()
    if cancellation is None or member.status not in (Member.Status.ACTIVE, Member.Status.BLOCKED):
        return None
    cancellation.obstacles = [each.code for each in obstacles(member_id=member_id)]
    if cancellation.obstacles:
        cancellation.due_at = now + _TRY_AGAIN_AFTER
        cancellation.save(update_fields=["due_at", "obstacles"])
        return False
    cancellation.erased, cancellation.erased_at = _erase_accounts(member_id, now), now
    cancellation.save(update_fields=["erased", "erased_at", "obstacles"])
    log.info("member_erased", member=member_id, **cancellation.erased)
    return True


def _erase_accounts(member_id: int, now: datetime) -> dict[str, int]:
    """Erase the member and what stayed on the accounts that became theirs: staff may have written about those too."""
    merged = Member.objects.filter(merged_into_id=member_id).order_by("pk").values_list("pk", flat=True)
    erased: Counter[str] = Counter()
    for account_id in (*merged, member_id):
        erased.update(erase_everything(member_id=account_id, now=now))
    return dict(erased)


def _require(value: str, pointer: str) -> None:
    if not value:
        raise InvalidInput(details=[Detail(pointer, "required", _("This field is required."))])
