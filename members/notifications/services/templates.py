"""Templates: seeded from what the events declare, checked, tried out."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.phones import parse_phone
from members.notifications.errors import TestNotSent
from members.notifications.events import Channel, NotificationEvent, declared_events, event_of
from members.notifications.models import Delivery, Notification, NotificationTemplate
from members.notifications.queries import Words
from members.notifications.senders import SENDERS
from members.notifications.senders.base import Message, NotSent
from members.notifications.services.delivering import compose
from members.notifications.texts import complaints, subscribe_lines
from shop.core.actors import Actor
from shop.core.transactions import use_case

SMS_CHARACTERS = 500
log = structlog.get_logger(__name__)


@use_case
def seed_templates() -> int:
    """Give every event a template for each channel and language; one that exists is left alone. Returns how many."""
    there = set(NotificationTemplate.objects.values_list("event", "channel", "language"))
    missing = [row for row in _first_templates() if (row.event, row.channel, row.language) not in there]
    NotificationTemplate.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def seed_after_migrate(**_options: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: every database has its templates."""
    seed_templates()


def _first_templates() -> Iterator[NotificationTemplate]:
    for language, _name in settings.LANGUAGES:
        with override(language):
            for event in declared_events().values():
                for channel, text in event.texts.items():
                    yield NotificationTemplate(
                        event=event.code,
                        channel=channel,
                        language=language,
                        title=gettext(text.title) if text.title else "",
                        body=gettext(text.body),
                        # SMS gateways know messages by names; those of WeChat are given by WeChat.
                        provider_template=event.code if channel == Channel.SMS else "",
                    )


def template_problems(*, event: str, channel: str, title: str, body: str) -> dict[str, list[str]]:
    """What is wrong with a template's texts, by field, in the reader's language."""
    declared = event_of(event)
    if declared is None:
        return {"event": [_("The shop does not know this event any more.")]}
    found = {
        "title": complaints(title, allowed=declared.by_name),
        "body": complaints(body, allowed=declared.by_name),
    }
    if channel in (Channel.IN_APP, Channel.EMAIL) and not title.strip():
        found["title"].append(_("A title is needed here."))
    if channel == Channel.SMS and len(body) > SMS_CHARACTERS:
        found["body"].append(_("An SMS has at most {count} characters.").format(count=SMS_CHARACTERS))
    if channel == Channel.SUBSCRIBE:
        try:
            subscribe_lines(body)
        except ValueError as error:
            found["body"].append(str(error))
    return {name: problems for name, problems in found.items() if problems}


def preview(template: NotificationTemplate) -> Message | None:
    """The message with sample data; None for an event that is no longer declared."""
    event = event_of(template.event)
    return _sample(template, event, address="") if event else None


@dataclass(frozen=True)
class Tested:
    """Where a test message went, and the provider's number for it."""

    address: str
    provider_id: str


def send_test(*, template: NotificationTemplate, to: str, actor: Actor, now: datetime) -> Tested:
    """Send the saved template with sample data to a phone (a member's, save for SMS) or a mail address.

    Uses no credit, counts in no cap and leaves no delivery. Not to be called inside a transaction. Raises TestNotSent.
    """
    event = event_of(template.event)
    if event is None:
        raise TestNotSent(reason=_("The shop does not know this event any more."))
    log.info("notification_test", template=template.pk, actor=str(actor))
    if template.channel == Channel.IN_APP:
        return _into_inbox(template, event, _member(to), now)
    message = _sample(template, event, address=_address(template.channel, to))
    try:
        return Tested(message.address, SENDERS[template.channel](message))
    except NotSent as failure:
        raise TestNotSent(reason=failure.code) from failure


def _sample(template: NotificationTemplate, event: NotificationEvent, *, address: str) -> Message:
    words = Words(template.language, template.title, template.body, template.provider_template)
    return compose(
        event=event,
        channel=template.channel,
        words=words,
        values=event.sample(),
        address=address,
        reference=f"test-{uuid.uuid4()}",
    )


@use_case
def _into_inbox(template: NotificationTemplate, event: NotificationEvent, member: Member, now: datetime) -> Tested:
    sample = _sample(template, event, address="")
    notification = Notification.objects.create(
        member=member,
        event=event.code,
        dedupe_key=sample.reference,
        category=event.category,
        context=event.stored({each.name: each.sample for each in event.fields}),
        title=sample.title[:300],
        body=sample.text,
        link=sample.link,
        in_inbox=True,
        created_at=now,
    )
    Delivery.objects.create(
        notification=notification,
        channel=Channel.IN_APP,
        status=Delivery.Status.SENT,
        language=template.language,
        attempts=1,
        created_at=now,
        finished_at=now,
    )
    return Tested(str(member), str(notification.pk))


def _address(channel: str, to: str) -> str:
    if channel == Channel.EMAIL:
        return to.strip()
    if channel == Channel.SUBSCRIBE:
        openid = _member(to).openid
        if not openid:
            raise TestNotSent(reason=_("This member has no WeChat account."))
        return openid
    phone = parse_phone(to)
    if phone is None:
        raise TestNotSent(reason=_("This is not a phone number."))
    return phone


def _member(to: str) -> Member:
    phone = parse_phone(to)
    member = Member.objects.filter(phone=phone).first() if phone else None
    if member is None:
        raise TestNotSent(reason=_("No member has this phone."))
    return member
