"""Which channel takes a message: why one cannot, when one must wait, and how the rest of a route is opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from members.notifications.events import Category, Channel, NotificationEvent
from members.notifications.locks import lock_daily_count
from members.notifications.models import Delivery, Notification
from members.notifications.preferences import (
    MARKETING_PER_DAY,
    QUIET_FROM_HOUR,
    QUIET_TRANSACTIONAL,
    QUIET_UNTIL_HOUR,
)
from members.notifications.queries import Reach, Words, words_for
from members.notifications.texts import fits
from shop.core.clock import SHANGHAI, business_day

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Telling:
    """What is told, to whom, with which values, and in which words on each channel."""

    event: NotificationEvent
    reach: Reach
    values: Mapping[str, str]
    words: Mapping[str, Words]


def telling_of(event: NotificationEvent, reach: Reach, stored: Mapping[str, Any]) -> Telling:
    """`stored` is what the event has stored. Words that ask for more than that are as good as none: they were written
    for another version of the event, and must hold up neither what came true nor the messages behind them.
    """
    values = event.shown(stored)
    words = words_for(event=event.code, language=reach.language)
    fitting = {
        channel: each
        for channel, each in words.items()
        if all(fits(text, values) for text in (event.link, each.title, each.body))
    }
    if len(fitting) < len(words):
        log.warning("notification_template_unfit", told=event.code, channels=sorted(words.keys() - fitting.keys()))
    return Telling(event, reach, values, fitting)


def obstacle(telling: Telling, channel: str, *, holds_credit: bool = False) -> str:
    """Why the message cannot go this way, as a code for the log; empty when it can."""
    event, reach, words = telling.event, telling.reach, telling.words.get(channel)
    if words is None:
        return "no_template"
    if not reach.allows(event.category, channel):
        return "preference"
    if event.category == Category.MARKETING and not reach.is_active:
        return "blocked"
    if channel not in reach.addresses:
        return "no_address"
    if channel == Channel.SUBSCRIBE and not holds_credit:
        if not words.provider_template:
            return "no_provider_template"
        if reach.credits.get(words.provider_template, 0) < 1:
            return "no_credit"
    return ""


def within_cap(telling: Telling, channel: str, *, own: int | None, now: datetime) -> bool:
    """Whether one more message of marketing may go out today, counted under lock, inside the caller's transaction.

    `own` is the delivery that asks, which does not count against itself.
    """
    member_id = telling.reach.member_id
    if telling.event.category != Category.MARKETING or member_id is None:
        return True
    lock_daily_count(member_id=member_id, channel=channel)
    today = Delivery.objects.filter(notification__member_id=member_id, channel=channel, counts_on=business_day(now))
    if own is not None:
        today = today.exclude(pk=own)
    return today.count() < MARKETING_PER_DAY[Channel(channel)].value()


def counting_day(event: NotificationEvent, now: datetime) -> date | None:
    """The day in whose cap a message of this event counts."""
    return business_day(now) if event.category == Category.MARKETING else None


def quiet_until(telling: Telling, *, now: datetime) -> datetime | None:
    """When the quiet hours end that hold now for this event; None when it may go out."""
    if telling.reach.member_id is None:
        return None
    if telling.event.category == Category.TRANSACTIONAL and not QUIET_TRANSACTIONAL.value():
        return None
    return quiet_hours_end(now=now)


def quiet_hours_end(*, now: datetime) -> datetime | None:
    """When the merchant's quiet hours end that hold now; None while they do not."""
    start, end = QUIET_FROM_HOUR.value(), QUIET_UNTIL_HOUR.value()
    if start == end:
        return None
    local = now.astimezone(SHANGHAI)
    is_quiet = start <= local.hour < end if start < end else local.hour >= start or local.hour < end
    if not is_quiet:
        return None
    morning = local.replace(hour=end, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def open_route(
    telling: Telling, channels: Iterable[Channel], *, notification: Notification, now: datetime
) -> list[Delivery]:
    """Unsaved deliveries: one for each channel that cannot take the message, then one for the first that can.

    The inbox takes it at once, `in_inbox` is set; the other channels have it queued.
    """
    rows = []
    for channel in channels:
        row = Delivery(notification=notification, channel=channel, created_at=now)
        rows.append(row)
        why_not = obstacle(telling, channel)
        if not why_not and channel == Channel.IN_APP and not within_cap(telling, channel, own=None, now=now):
            why_not = "cap"
        if why_not:
            row.status, row.error_code, row.finished_at = Delivery.Status.SKIPPED, why_not, now
            continue
        row.language = telling.words[channel].language
        if channel == Channel.IN_APP:
            notification.in_inbox = True
            row.status, row.finished_at, row.attempts = Delivery.Status.SENT, now, 1
            row.counts_on = counting_day(telling.event, now)
        else:
            row.due_at = now
        break
    return rows
