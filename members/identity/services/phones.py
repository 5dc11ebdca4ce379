"""The number that a member signs in with becomes another.

Always: the new number is proved by a code sent to it, and the member by a code sent to the old one or, where that is
lost, by WeChat; staff, who know the member otherwise, say why. Whoever is signed in elsewhere is signed out: the old
number may be somebody else's by now.
"""

from datetime import datetime

import structlog
from django.utils.translation import gettext_lazy as _

from members.identity import wechat
from members.identity.errors import PhoneTaken, WechatLoginCodeInvalid
from members.identity.facts import PhoneChanged
from members.identity.locks import lock_active_member, lock_names
from members.identity.models import Member, PhoneChange
from members.identity.queries import active_member
from members.identity.services.phone_codes import Purpose, check_phone_code, claim_phone_code
from members.identity.services.sessions import end_sessions
from shop.core.actors import Actor
from shop.core.errors import Busy, Detail, InvalidInput
from shop.core.outbox import publish
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)


def change_phone(
    *, member_id: int, session_id: int, phone: str, code: str, old_code: str, login_code: str, now: datetime
) -> Member:
    """Sign in with `phone` (E.164) from now on; ends all sessions but this one.

    `code` was sent to it, `old_code` to the old number, where `login_code` of the member's own WeChat account does too.
    Raises InvalidInput, PhoneCodeInvalid, WechatLoginCodeInvalid, WechatUnavailable, PhoneTaken, Busy, MemberBlocked.
    """
    member = active_member(member_id=member_id)
    if member.phone == phone:
        raise _invalid("/phone", "phone_unchanged", _("This is your phone number already."))
    if not (old_code and member.phone) and not login_code:
        raise _invalid("/old_code" if member.phone else "/login_code", "required", _("This field is required."))
    codes = [check_phone_code(phone=phone, code=code, purpose=Purpose.CHANGE_PHONE, now=now)]
    if old_code and member.phone:
        codes.append(check_phone_code(phone=member.phone, code=old_code, purpose=Purpose.CHANGE_PHONE, now=now))
    elif wechat.exchange_login_code(login_code).openid != member.openid:
        raise WechatLoginCodeInvalid
    return _change_proved(member=member, phone=phone, codes=codes, session_id=session_id, now=now)


@use_case
def change_phone_of(*, member_id: int, phone: str, reason: str, actor: Actor, now: datetime) -> Member:
    """Staff change a member's number to `phone` (E.164); ends all sessions.

    Raises InvalidInput, PhoneTaken, Busy, MemberBlocked.
    """
    member = active_member(member_id=member_id)
    if member.phone == phone:
        raise _invalid("/phone", "phone_unchanged", _("This is the member's phone number already."))
    _change(member=member, phone=phone, reason=reason, actor=actor, now=now)
    end_sessions(member_id=member_id, now=now)
    return member


@use_case
def _change_proved(*, member: Member, phone: str, codes: list[int], session_id: int, now: datetime) -> Member:
    _change(member=member, phone=phone, reason="", actor=Actor.member(member.pk), now=now)
    for code_id in sorted(codes):
        claim_phone_code(code_id=code_id, now=now)
    end_sessions(member_id=member.pk, now=now, but=session_id)
    return member


def _change(*, member: Member, phone: str, reason: str, actor: Actor, now: datetime) -> None:
    """Write the change to a member as they were read, inside the caller's transaction."""
    # All that signing in locks, so that nobody is just being let in by the old number or tied to one of these.
    loose = (f"phone:{member.phone}" if member.phone else "", f"openid:{member.openid}" if member.openid else "")
    lock_names(f"phone:{phone}", *filter(None, loose))
    present = lock_active_member(member_id=member.pk)
    if (present.phone, present.openid) != (member.phone, member.openid):
        # Somebody was faster: what was proved is no longer what it was.
        raise Busy(retry_after=1)
    if _is_taken(phone):
        raise PhoneTaken
    change = PhoneChange.objects.create(
        member=member,
        old_phone=member.phone or "",
        new_phone=phone,
        reason=reason,
        actor=str(actor),
        changed_at=now,
    )
    member.phone = phone
    member.save(update_fields=["phone"])
    publish(PhoneChanged(change_id=change.pk, member_id=member.pk, at=now))
    log.info("phone_changed", member=member.pk, change=change.pk, actor=str(actor))


def _is_taken(phone: str) -> bool:
    return Member.objects.filter(phone=phone).exists()


def _invalid(field: str, code: str, message: object) -> InvalidInput:
    return InvalidInput(details=[Detail(field, code, message)])
