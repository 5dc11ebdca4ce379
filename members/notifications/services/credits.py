"""Subscriptions that a member accepts one message at a time. WeChat keeps the true count; this one follows it."""

from django.db.models import F

from members.notifications.errors import SubscribeTemplateNotFound
from members.notifications.events import Channel
from members.notifications.models import NotificationTemplate, SubscribeCredit
from shop.core.transactions import use_case

# More than anybody accepts; a front that reports without end must not make us call WeChat without end.
MOST_LEFT = 100


@use_case
def record_answer(*, member_id: int, template: str, accepted: bool) -> int:
    """Note what the member answered when the mini-program asked; returns how many messages are left.

    Raises SubscribeTemplateNotFound for a template that no enabled message uses.
    """
    in_use = NotificationTemplate.objects.filter(
        channel=Channel.SUBSCRIBE, provider_template=template, enabled=True
    ).exclude(provider_template="")
    if not in_use.exists():
        raise SubscribeTemplateNotFound
    SubscribeCredit.objects.bulk_create(
        [SubscribeCredit(member_id=member_id, template=template)], ignore_conflicts=True
    )
    own = SubscribeCredit.objects.filter(member_id=member_id, template=template)
    if accepted:
        own.filter(accepted__lt=F("used") + MOST_LEFT).update(accepted=F("accepted") + 1)
    row = own.get()
    return row.accepted - row.used


def take_credit(*, member_id: int, template: str) -> bool:
    """Use up one accepted message, inside the caller's transaction; False when none is left."""
    left = SubscribeCredit.objects.filter(member_id=member_id, template=template, used__lt=F("accepted"))
    return bool(left.update(used=F("used") + 1))


def return_credit(*, member_id: int, template: str) -> None:
    """The message did not go out, and WeChat did not count it."""
    SubscribeCredit.objects.filter(member_id=member_id, template=template, used__gt=0).update(used=F("used") - 1)


def forget_credits(*, member_id: int, template: str) -> None:
    """WeChat says that nothing is accepted any more."""
    SubscribeCredit.objects.filter(member_id=member_id, template=template).update(used=F("accepted"))
