"""A member as the front shows them, with what upper rooms know.

`settings.MEMBER_PROFILE_PROVIDERS` lists functions `(member_ids) -> {member_id: {"tier": …}}` by dotted path, in order,
each asked once for all members. A key that no provider fills keeps the value it has below.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from members.identity.models import Member
from members.identity.phones import show_phone

Provider = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]

_UNKNOWN: Mapping[str, Any] = {"tier": None, "growth": 0, "points": 0}


def profile(member: Member) -> dict[str, Any]:
    known = dict(_UNKNOWN)
    for path in settings.MEMBER_PROFILE_PROVIDERS:
        provider: Provider = import_string(path)
        known |= provider([member.pk]).get(member.pk, {})
    return {
        "id": member.pk,
        "nickname": member.nickname,
        "avatar_url": member.avatar_url,
        "phone": show_phone(member.phone) if member.phone else None,
        "birthday": member.birthday,
        "tier": known["tier"],
        "growth": known["growth"],
        "points": known["points"],
        "invite_code": member.invite_code,
    }
