"""Reads: how somebody can be reached, with which words, and what they chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet

from members.identity.models import Member
from members.notifications.events import Category, Channel
from members.notifications.models import (
    Notification,
    NotificationPreference,
    NotificationTemplate,
    SubscribeCredit,
)
from shop.core.models import StaffUser
from shop.core.prepared import Prepared

# Advertising by SMS, and a message for every point, are for those who asked for them.
NOT_BY_DEFAULT = {(Category.MARKETING, Channel.SMS), (Category.POINTS, Channel.SMS)}
# News about one's own orders must be found somewhere.
ALWAYS = {(Category.TRANSACTIONAL, Channel.IN_APP)}
MEMBER_CHANNELS = (Channel.IN_APP, Channel.SUBSCRIBE, Channel.SMS)
# Written out, because every notice asks.
_REACH = Prepared(
    "reach_of_member",
    """
SELECT phone, openid, status, merged_into_id,
    (SELECT language FROM notifications_notificationlanguage WHERE member_id = member.id),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(category, channel, allowed)), '[]')
        FROM notifications_notificationpreference WHERE member_id = member.id),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(template, accepted - used)), '[]')
        FROM notifications_subscribecredit WHERE member_id = member.id)
FROM identity_member member WHERE id = %s
""",
)
_WORDS = Prepared(
    "words_for",
    """
SELECT channel, language, title, body, provider_template FROM notifications_notificationtemplate
WHERE event = %s AND enabled AND language = ANY(%s::text[])
""",
)
_LANGUAGE = Prepared("chosen_language", "SELECT language FROM notifications_notificationlanguage WHERE member_id = %s")


@dataclass(frozen=True)
class Reach:
    """How one recipient can be told: addresses by channel, choices by (category, channel), credits by template."""

    member_id: int | None
    staff_id: int | None
    is_active: bool
    language: str
    addresses: Mapping[str, str]
    choices: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    credits: Mapping[str, int] = field(default_factory=dict)

    def allows(self, category: str, channel: str) -> bool:
        return self.staff_id is not None or _allowed(self.choices, category, channel)


@dataclass(frozen=True)
class Words:
    """An enabled template's texts."""

    language: str
    title: str
    body: str
    provider_template: str


def reach_of_member(*, member_id: int) -> Reach | None:
    """One query; None where there is no such member any more. Who was merged is the account that they are now."""
    row = _REACH.row([member_id])
    if row is None or row[2] == Member.Status.CLOSED:
        return None
    phone, openid, status, merged_into, language, chosen, credits = row
    if merged_into is not None:
        return reach_of_member(member_id=merged_into)
    addresses = {Channel.IN_APP: "inbox", Channel.SMS: phone, Channel.SUBSCRIBE: openid}
    return Reach(
        member_id=member_id,
        staff_id=None,
        is_active=status == Member.Status.ACTIVE,
        language=language or settings.LANGUAGE_CODE,
        addresses={channel: address for channel, address in addresses.items() if address},
        choices={(category, channel): allowed for category, channel, allowed in orjson.loads(chosen)},
        credits=dict(orjson.loads(credits)),
    )


def reach_of_staff(user: StaffUser) -> Reach:
    return Reach(
        member_id=None,
        staff_id=user.pk,
        is_active=user.is_active,
        language=settings.LANGUAGE_CODE,
        addresses={Channel.EMAIL: user.email} if user.email else {},
    )


def words_for(*, event: str, language: str) -> dict[str, Words]:
    """The event's enabled templates by channel, in the shop's language where there is none in `language`. One query."""
    languages = [settings.LANGUAGE_CODE, language]
    found: dict[str, Words] = {}
    for channel, *words in _WORDS.run([event, languages]):
        if channel not in found or words[0] == language:
            found[channel] = Words(*words)
    return found


def inbox(*, member_id: int) -> QuerySet[Notification, Any]:
    return Notification.objects.filter(member_id=member_id, in_inbox=True).values(
        "id", "event", "category", "title", "body", "link", "read_at", "created_at"
    )


def unread_count(*, member_id: int) -> int:
    return Notification.objects.filter(member_id=member_id, in_inbox=True, read_at=None).count()


def chosen_language(*, member_id: int) -> str:
    row = _LANGUAGE.row([member_id])
    return row[0] if row else settings.LANGUAGE_CODE


def choices(*, member_id: int) -> list[dict[str, Any]]:
    """Every category and channel with what holds for the member."""
    rows = NotificationPreference.objects.filter(member_id=member_id).values_list("category", "channel", "allowed")
    chosen = {(category, channel): allowed for category, channel, allowed in rows}
    return [
        {
            "category": category,
            "channel": channel,
            "allowed": _allowed(chosen, category, channel),
            "required": (category, channel) in ALWAYS,
        }
        for category in Category.values
        for channel in map(str, MEMBER_CHANNELS)
    ]


def subscribe_credits(*, member_id: int) -> list[dict[str, Any]]:
    """The WeChat templates in use, each with how many messages the member has left to receive."""
    rows = SubscribeCredit.objects.filter(member_id=member_id).values_list("template", "accepted", "used")
    left = {template: accepted - used for template, accepted, used in rows}
    used = NotificationTemplate.objects.filter(channel=Channel.SUBSCRIBE, enabled=True).exclude(provider_template="")
    templates = used.order_by("event", "provider_template").values_list("provider_template", "event").distinct()
    return [{"template": name, "event": event, "remaining": left.get(name, 0)} for name, event in templates]


def _allowed(chosen: Mapping[tuple[str, str], bool], category: str, channel: str) -> bool:
    key = (Category(category), Channel(channel))
    return key in ALWAYS or chosen.get((category, channel), key not in NOT_BY_DEFAULT)
