"""Signing in, which for a newcomer is registering.

Always: a phone and an openid belong to one member each. Whoever proves a phone or a WeChat account gets the account of
it. A WeChat account without a phone whose user proves the phone of another account becomes part of that one.
"""

from dataclasses import dataclass
from datetime import datetime

from members.identity import wechat
from members.identity.errors import MemberBlocked, WechatAccountConflict
from members.identity.facts import MemberRegistered
from members.identity.invite_codes import new_invite_code
from members.identity.locks import lock_names
from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services.merging import merge_accounts
from members.identity.services.phone_codes import check_phone_code, claim_phone_code
from members.identity.services.sessions import Tokens, open_session
from shop.core.outbox import publish
from shop.core.transactions import use_case


@dataclass(frozen=True)
class SignedIn:
    member: Member
    tokens: Tokens
    is_new: bool


def sign_in_by_phone(*, phone: str, code: str, invite_code: str, origin: Origin, now: datetime) -> SignedIn:
    """Sign in with a code sent to `phone` (E.164). Raises PhoneCodeInvalid or MemberBlocked."""
    code_id = check_phone_code(phone=phone, code=code, now=now)
    return _enter_by_phone(code_id=code_id, phone=phone, invite_code=invite_code, origin=origin, now=now)


def sign_in_by_wechat(
    *, login_code: str, phone_code: str | None, invite_code: str, origin: Origin, now: datetime
) -> SignedIn:
    """Sign in with WeChat's login code and, where the member agreed to share the number, its phone code.

    Raises WechatLoginCodeInvalid, WechatPhoneCodeInvalid, WechatUnavailable, WechatAccountConflict or MemberBlocked.
    """
    account = wechat.exchange_login_code(login_code)
    phone = wechat.phone_number(phone_code) if phone_code else None
    return _enter_by_wechat(account=account, phone=phone, invite_code=invite_code, origin=origin, now=now)


def create_member(
    *,
    now: datetime,
    phone: str | None = None,
    openid: str | None = None,
    unionid: str = "",
    nickname: str = "",
    invite_code: str = "",
) -> Member:
    """Register a member, inside the caller's transaction; an unknown `invite_code` of an inviter is no obstacle."""
    active = Member.objects.filter(status=Member.Status.ACTIVE)
    inviter = active.filter(invite_code=invite_code.upper()).first() if invite_code else None
    member = Member.objects.create(
        phone=phone,
        openid=openid,
        unionid=unionid,
        nickname=nickname,
        invite_code=new_invite_code(),
        inviter=inviter,
        joined_at=now,
    )
    publish(MemberRegistered(member_id=member.pk, inviter_id=inviter.pk if inviter else None, at=now))
    return member


@use_case
def _enter_by_phone(*, code_id: int, phone: str, invite_code: str, origin: Origin, now: datetime) -> SignedIn:
    lock_names(f"phone:{phone}")
    claim_phone_code(code_id=code_id, now=now)
    known = Member.objects.filter(phone=phone).first()
    return _enter(known or create_member(phone=phone, invite_code=invite_code, now=now), not known, origin, now)


@use_case
def _enter_by_wechat(
    *, account: wechat.WechatAccount, phone: str | None, invite_code: str, origin: Origin, now: datetime
) -> SignedIn:
    lock_names(f"openid:{account.openid}", *([f"phone:{phone}"] if phone else []))
    known = _account_of(account=account, phone=phone, now=now)
    member = known or create_member(
        phone=phone, openid=account.openid, unionid=account.unionid, invite_code=invite_code, now=now
    )
    return _enter(member, not known, origin, now)


def _account_of(*, account: wechat.WechatAccount, phone: str | None, now: datetime) -> Member | None:
    """The one member whom WeChat account and phone belong to, after tying what was loose to the other."""
    by_openid = Member.objects.filter(openid=account.openid).first()
    by_phone = Member.objects.filter(phone=phone).first() if phone else None
    if by_openid and by_phone and by_openid != by_phone:
        if by_openid.phone is not None or by_phone.openid is not None:
            raise WechatAccountConflict
        by_phone = merge_accounts(source_id=by_openid.pk, target_id=by_phone.pk, now=now)
    member = by_phone or by_openid
    if member is None:
        return None
    if (phone and member.phone not in (None, phone)) or member.openid not in (None, account.openid):
        raise WechatAccountConflict
    member.phone, member.openid = phone or member.phone, account.openid
    member.unionid = account.unionid or member.unionid
    member.save(update_fields=["phone", "openid", "unionid"])
    return member


def _enter(member: Member, is_new: bool, origin: Origin, now: datetime) -> SignedIn:
    if member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    return SignedIn(member, open_session(member=member, origin=origin, now=now), is_new)
