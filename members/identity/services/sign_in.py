"""Signing in, which for a newcomer is registering.

Always: a phone and an openid belong to one member each. Whoever proves a phone or a WeChat account gets the account of
it; two accounts are never merged, because what hangs on them (orders, points) is not known down here.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from members.identity import wechat
from members.identity.errors import MemberBlocked, WechatAccountConflict
from members.identity.locks import lock_names
from members.identity.models import Member
from members.identity.services.phone_codes import check_phone_code, claim_phone_code
from members.identity.services.sessions import Tokens, open_session
from shop.core.transactions import use_case

# No letters or digits that people mistake for one another; ten of them are 49 bits.
_INVITE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class SignedIn:
    member: Member
    tokens: Tokens
    is_new: bool


def sign_in_by_phone(*, phone: str, code: str, invite_code: str, device: str, now: datetime) -> SignedIn:
    """Sign in with a code sent to `phone` (E.164). Raises PhoneCodeInvalid or MemberBlocked."""
    code_id = check_phone_code(phone=phone, code=code, now=now)
    return _enter_by_phone(code_id=code_id, phone=phone, invite_code=invite_code, device=device, now=now)


def sign_in_by_wechat(
    *, login_code: str, phone_code: str | None, invite_code: str, device: str, now: datetime
) -> SignedIn:
    """Sign in with WeChat's login code and, where the member agreed to share the number, its phone code.

    Raises WechatLoginCodeInvalid, WechatPhoneCodeInvalid, WechatUnavailable, WechatAccountConflict or MemberBlocked.
    """
    account = wechat.exchange_login_code(login_code)
    phone = wechat.phone_number(phone_code) if phone_code else None
    return _enter_by_wechat(account=account, phone=phone, invite_code=invite_code, device=device, now=now)


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
    inviter = Member.objects.filter(invite_code=invite_code.upper()).first() if invite_code else None
    return Member.objects.create(
        phone=phone,
        openid=openid,
        unionid=unionid,
        nickname=nickname,
        invite_code="".join(secrets.choice(_INVITE_ALPHABET) for _ in range(10)),
        inviter=inviter,
        joined_at=now,
    )


@use_case
def _enter_by_phone(*, code_id: int, phone: str, invite_code: str, device: str, now: datetime) -> SignedIn:
    lock_names(f"phone:{phone}")
    claim_phone_code(code_id=code_id, now=now)
    known = Member.objects.filter(phone=phone).first()
    return _enter(known or create_member(phone=phone, invite_code=invite_code, now=now), not known, device, now)


@use_case
def _enter_by_wechat(
    *, account: wechat.WechatAccount, phone: str | None, invite_code: str, device: str, now: datetime
) -> SignedIn:
    lock_names(f"openid:{account.openid}", *([f"phone:{phone}"] if phone else []))
    known = _account_of(account=account, phone=phone)
    member = known or create_member(
        phone=phone, openid=account.openid, unionid=account.unionid, invite_code=invite_code, now=now
    )
    return _enter(member, not known, device, now)


def _account_of(*, account: wechat.WechatAccount, phone: str | None) -> Member | None:
    """The one member whom WeChat account and phone belong to, after tying a loose one of the two to the other."""
    by_openid = Member.objects.filter(openid=account.openid).first()
    by_phone = Member.objects.filter(phone=phone).first() if phone else None
    if by_openid and by_phone and by_openid != by_phone:
        raise WechatAccountConflict
    member = by_openid or by_phone
    if member is None:
        return None
    if (phone and member.phone not in (None, phone)) or member.openid not in (None, account.openid):
        raise WechatAccountConflict
    member.phone, member.openid = phone or member.phone, account.openid
    member.unionid = account.unionid or member.unionid
    member.save(update_fields=["phone", "openid", "unionid"])
    return member


def _enter(member: Member, is_new: bool, device: str, now: datetime) -> SignedIn:
    if member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    return SignedIn(member, open_session(member=member, device=device, now=now), is_new)
