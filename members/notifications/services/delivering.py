"""Messages go out: taken in one transaction, sent outside of any, recorded in another.

Taking moves `due_at` ahead by a lease, so one worker at a time sends a delivery and a killed one's comes back. What it
was told is recorded only while the lease is its own. Passing failures are tried again with growing pauses; final ones
fall to the next channel of the route.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from members.notifications.events import Channel, NotificationEvent, event_of
from members.notifications.models import Delivery, Notification
from members.notifications.queries import Reach, Words, reach_of_member, reach_of_staff
from members.notifications.senders import SENDERS
from members.notifications.senders.base import Message, NotSent
from members.notifications.senders.subscribe import REFUSED_BY_MEMBER
from members.notifications.services.credits import forget_credits, return_credit, take_credit
from members.notifications.services.notifying import queue
from members.notifications.services.routing import (
    Telling,
    counting_day,
    obstacle,
    open_route,
    quiet_until,
    telling_of,
    within_cap,
)
from members.notifications.texts import render, render_subscribe
from shop.core.transactions import use_case

LEASE = timedelta(minutes=2)
FIRST_PAUSE = timedelta(seconds=30)
MAX_ATTEMPTS = 6
SWEEP_SECONDS = 45.0
# When a gateway is down, a sweep need not learn it from every message in turn.
MAX_FAILURES = 5

Status = Delivery.Status
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """A delivery that is ours to send; `attempt` tells our lease from a later one."""

    delivery_id: int
    attempt: int
    channel: str
    message: Message


def deliver(*, delivery_ids: Sequence[int], now: datetime) -> Counter[str]:
    """Send these, where they are due; returns how many ended how. Never called inside a transaction."""
    outcomes: Counter[str] = Counter()
    for delivery_id in delivery_ids:
        outcome = _deliver_one(delivery_id, now)
        if outcome:
            outcomes[outcome] += 1
    return outcomes


def deliver_due(*, now: datetime, limit: int = 5_000) -> Counter[str]:
    """The sweep: what was deferred, failed for a while, or was left by a worker that died."""
    started = time.monotonic()
    due = Delivery.objects.filter(due_at__lte=now).order_by("due_at", "id").values_list("pk", flat=True)[:limit]
    outcomes: Counter[str] = Counter()
    for delivery_id in due:
        outcomes += deliver(delivery_ids=[delivery_id], now=now)
        if outcomes["retried"] >= MAX_FAILURES or time.monotonic() - started > SWEEP_SECONDS:
            break
    return outcomes


def _deliver_one(delivery_id: int, now: datetime) -> str:
    taken = _take(delivery_id, now)
    if not isinstance(taken, Taken):
        return taken
    try:
        provider_id = SENDERS[taken.channel](taken.message)
    except NotSent as failure:
        return _record_failure(taken, failure, now)
    return _record_sent(taken, provider_id, now)


@use_case
def _take(delivery_id: int, now: datetime) -> Taken | str:
    """The delivery with its message, or how it ended instead; empty when it is not due or somebody else has it."""
    delivery = (
        Delivery.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("notification__staff")
        .filter(pk=delivery_id, due_at__lte=now)
        .first()
    )
    if delivery is None:
        return ""
    telling = _telling(delivery.notification)
    if telling is None:
        return _end(delivery, Status.SKIPPED, "no_recipient", now)
    if delivery.attempts >= MAX_ATTEMPTS:
        # The last attempt never said how it ended: what kills its worker each time must come to an end too.
        return _fall_through(delivery, telling, Status.FAILED, "lost", now)
    why_not = obstacle(telling, delivery.channel, holds_credit=bool(delivery.credit_template))
    if why_not:
        return _fall_through(delivery, telling, Status.SKIPPED, why_not, now)
    morning = quiet_until(telling, now=now)
    if morning:
        delivery.status, delivery.due_at = Status.DEFERRED, morning
        delivery.save(update_fields=["status", "due_at"])
        return Status.DEFERRED
    if not within_cap(telling, delivery.channel, own=delivery.pk, now=now):
        return _fall_through(delivery, telling, Status.SKIPPED, "cap", now)
    if delivery.channel == Channel.SUBSCRIBE and not _take_credit(delivery, telling.words[delivery.channel]):
        return _fall_through(delivery, telling, Status.SKIPPED, "no_credit", now)
    return _lease(delivery, telling, now)


def _take_credit(delivery: Delivery, words: Words) -> bool:
    """One credit serves all attempts of a delivery."""
    if delivery.credit_template:
        return True
    member_id = delivery.notification.member_id
    if member_id is None or not take_credit(member_id=member_id, template=words.provider_template):
        return False
    delivery.credit_template = words.provider_template
    return True


def _lease(delivery: Delivery, telling: Telling, now: datetime) -> Taken:
    words = telling.words[delivery.channel]
    message = compose(
        event=telling.event,
        channel=delivery.channel,
        words=words,
        values=telling.values,
        address=telling.reach.addresses[delivery.channel],
        reference=f"delivery-{delivery.pk}",
    )
    delivery.status, delivery.due_at = Status.QUEUED, now + LEASE
    delivery.attempts += 1
    delivery.language, delivery.text = words.language, message.text
    delivery.counts_on = counting_day(telling.event, now)
    delivery.save()
    return Taken(delivery.pk, delivery.attempts, delivery.channel, message)


def compose(
    *,
    event: NotificationEvent,
    channel: str,
    words: Words,
    values: Mapping[str, str],
    address: str,
    reference: str,
) -> Message:
    """The message of a template with these values."""
    link = render(event.link, values)
    if channel == Channel.SUBSCRIBE:
        params = render_subscribe(words.body, values)
        text = "\n".join(f"{name}: {value}" for name, value in params.items())
    else:
        params, text = dict(values), render(words.body, values)
    return Message(
        address=address,
        title=render(words.title, values),
        text=text,
        reference=reference,
        provider_template=words.provider_template,
        params=params,
        link=link,
        language=words.language,
    )


@use_case
def _record_sent(taken: Taken, provider_id: str, now: datetime) -> str:
    ours = Delivery.objects.filter(pk=taken.delivery_id, attempts=taken.attempt, due_at__isnull=False)
    ours.update(status=Status.SENT, provider_id=provider_id[:100], error_code="", due_at=None, finished_at=now)
    return Status.SENT


@use_case
def _record_failure(taken: Taken, failure: NotSent, now: datetime) -> str:
    delivery = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification__staff")
        .filter(pk=taken.delivery_id, attempts=taken.attempt, due_at__isnull=False)
        .first()
    )
    if delivery is None:
        return ""
    log.warning("notification_not_sent", delivery=delivery.pk, channel=delivery.channel, code=failure.code)
    if failure.retryable and delivery.attempts < MAX_ATTEMPTS:
        delivery.error_code = failure.code[:60]
        delivery.due_at = now + FIRST_PAUSE * 4 ** (delivery.attempts - 1)
        delivery.save(update_fields=["error_code", "due_at"])
        return "retried"
    telling = _telling(delivery.notification)
    if telling is None:
        return _end(delivery, Status.FAILED, failure.code, now)
    return _fall_through(delivery, telling, Status.FAILED, failure.code, now)


def _fall_through(delivery: Delivery, telling: Telling, status: str, code: str, now: datetime) -> str:
    """End this delivery and open the rest of its route."""
    notification, was_in_inbox = delivery.notification, delivery.notification.in_inbox
    outcome = _end(delivery, status, code, now)
    queue(open_route(telling, telling.event.after(delivery.channel), notification=notification, now=now))
    if notification.in_inbox and not was_in_inbox:
        notification.save(update_fields=["in_inbox"])
    return outcome


def _end(delivery: Delivery, status: str, code: str, now: datetime) -> str:
    _settle_credit(delivery, code)
    delivery.status, delivery.error_code = status, code[:60]
    delivery.due_at, delivery.finished_at, delivery.counts_on = None, now, None
    delivery.save()
    return status


def _settle_credit(delivery: Delivery, code: str) -> None:
    member_id, template = delivery.notification.member_id, delivery.credit_template
    if member_id is None or not template:
        return
    if code == REFUSED_BY_MEMBER:
        forget_credits(member_id=member_id, template=template)
    else:
        return_credit(member_id=member_id, template=template)
        delivery.credit_template = ""


def _telling(notification: Notification) -> Telling | None:
    """None when the event is no longer declared, or nobody is there to be told."""
    event, reach = event_of(notification.event), _reach(notification)
    if event is None or reach is None:
        return None
    return telling_of(event, reach, notification.context)


def _reach(notification: Notification) -> Reach | None:
    if notification.member_id is not None:
        return reach_of_member(member_id=notification.member_id)
    return reach_of_staff(notification.staff) if notification.staff else None
