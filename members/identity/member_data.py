"""What this room keeps about a member; see `rooms.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from members.identity.invite_codes import new_invite_code
from members.identity.models import Address, Member, PhoneChange, PhoneCode
from members.identity.phones import show_phone
from members.identity.queries import former_phones
from members.identity.services.sessions import end_sessions, erase_sessions
from shop.core.api.idempotency import forget_keys_of, move_keys
from shop.regions.queries import region


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    has_default = Address.objects.filter(member_id=target_id, is_default=True).exists()
    addresses = Address.objects.filter(member_id=source_id)
    if has_default:
        addresses.update(is_default=False)
    return {
        "addresses": addresses.update(member_id=target_id),
        "phone_changes": PhoneChange.objects.filter(member_id=source_id).update(member_id=target_id),
        "invitees": _move_invitees(source_id, target_id),
        "idempotency_keys": move_keys(source=f"member:{source_id}", target=f"member:{target_id}"),
        "sessions": end_sessions(member_id=source_id, now=now),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """The row stays as a number that orders point at; nothing in it leads to a person."""
    phone = Member.objects.values_list("phone", flat=True).get(pk=member_id)
    erased = {
        "addresses": Address.objects.filter(member_id=member_id).delete()[0],
        "sessions": erase_sessions(member_id=member_id, now=now),
        "phone_codes": _erase_codes(member_id, phone),
        "phone_changes": PhoneChange.objects.filter(member_id=member_id)
        .exclude(old_phone="", new_phone="", reason="")
        .update(old_phone="", new_phone="", reason=""),
        "idempotency_keys": forget_keys_of(principal=f"member:{member_id}"),
        # The admin's trail names the member as they called themselves, and the tags that they were given.
        "trail": LogEntry.objects.filter(
            ~Q(object_repr=str(member_id), change_message=""),
            content_type=ContentType.objects.get_for_model(Member),
            object_id=str(member_id),
        ).update(object_repr=str(member_id), change_message=""),
    }
    # What became part of another account keeps saying so.
    Member.objects.filter(pk=member_id).exclude(status=Member.Status.MERGED).update(
        status=Member.Status.CLOSED,
        phone=None,
        openid=None,
        unionid="",
        nickname="",
        avatar_url="",
        birthday=None,
        birthday_set_on=None,
        invite_code=new_invite_code(),
    )
    return erased


def export(*, member_id: int) -> Mapping[str, Any]:
    member = Member.objects.get(pk=member_id)
    return {
        "profile": {
            "id": member.pk,
            "nickname": member.nickname,
            "avatar_url": member.avatar_url,
            "phone": show_phone(member.phone) if member.phone else None,
            "wechat_openid": member.openid,
            "wechat_unionid": member.unionid or None,
            "birthday": member.birthday,
            "birthday_set_on": member.birthday_set_on,
            "invite_code": member.invite_code,
            "was_invited": member.inviter_id is not None,
            "joined_at": member.joined_at,
        },
        "addresses": [_address(row) for row in Address.objects.filter(member=member).order_by("pk")],
        "sessions": list(
            member.sessions.order_by("pk").values(
                "user_agent", "address", "created_at", "refreshed_at", "expires_at", "revoked_at"
            )
        ),
        "phone_changes": [
            {"old": show_phone(old), "new": show_phone(new), "changed_at": at}
            for old, new, at in member.phone_changes.order_by("pk").values_list("old_phone", "new_phone", "changed_at")
        ],
        "cancellations": list(
            member.cancellations.order_by("pk").values("requested_at", "due_at", "withdrawn_at", "erased_at")
        ),
    }


def _erase_codes(member_id: int, phone: str | None) -> int:
    whose = Q(phone=phone)
    for former, until in former_phones(member_id=member_id):
        whose |= Q(phone=former, sent_at__lte=until)
    return PhoneCode.objects.filter(whose).delete()[0]


def _move_invitees(source_id: int, target_id: int) -> int:
    # Nobody is their own inviter: not by inviting the account that they now are, nor round several corners.
    Member.objects.filter(pk=target_id, inviter_id=source_id).update(inviter=None)
    moved = Member.objects.filter(inviter_id=source_id).update(inviter_id=target_id)
    if moved and target_id in _inviters_above(target_id):
        Member.objects.filter(pk=target_id).update(inviter=None)
    return moved


def _inviters_above(member_id: int) -> set[int]:
    above: set[int] = set()
    current = Member.objects.values_list("inviter_id", flat=True).get(pk=member_id)
    while current is not None and current not in above:
        above.add(current)
        current = Member.objects.values_list("inviter_id", flat=True).get(pk=current)
    return above


def _address(row: Address) -> dict[str, Any]:
    where = region(row.region_id)
    return {
        "name": row.name,
        "phone": show_phone(row.phone),
        "region_code": row.region_id,
        "region": where.path_name if where else "",
        "detail": row.detail,
        "is_default": row.is_default,
    }
