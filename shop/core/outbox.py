"""The durable outbox: what was published is delivered at least once to each subscriber, whatever dies.

`publish` writes the rows inside the caller's transaction. After the commit they are handed to Celery; a sweep takes
what was missed (broker away, worker killed). Delivery locks the row, so a subscriber runs once at a time, and an
in-transaction subscriber takes effect exactly once. A failing one is retried with backoff and at last parked, visible
in the admin; it never holds up another.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import kombu.exceptions
import msgspec
import redis.exceptions
import structlog
from celery import current_app
from django.db import transaction
from django.db.models import F

from shop.core import clock
from shop.core.events import Fact, Subscription, subscription, subscriptions
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

DELIVER_TASK = "core.deliver_outbox"
HAND_OVER_GRACE = timedelta(seconds=15)
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 12

log = structlog.get_logger(__name__)


def publish(*facts: Fact) -> None:
    """Write `facts` for all their subscribers, in one INSERT; must be called inside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish() belongs inside the transaction that makes the fact true")
    now = clock.now()
    entries = []
    for fact in facts:
        event_id = uuid.uuid4()
        payload = msgspec.to_builtins(fact)
        entries += [
            OutboxEntry(
                event_id=event_id,
                fact=type(fact).__name__,
                subscriber=each.name,
                payload=payload,
                due_at=now + HAND_OVER_GRACE,
                created_at=now,
            )
            for each in subscriptions(type(fact))
        ]
    if entries:
        OutboxEntry.objects.bulk_create(entries)
        transaction.on_commit(lambda: _hand_over([entry.pk for entry in entries]))


def _hand_over(entry_ids: Sequence[int]) -> None:
    try:
        current_app.send_task(DELIVER_TASK, args=[list(entry_ids)])
    except (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError) as error:
        log.warning("outbox_hand_over_failed", entries=len(entry_ids), error=str(error))


def deliver(*, entry_ids: Sequence[int]) -> int:
    """Deliver these entries, each in its own transaction; returns how many were finished now."""
    return sum(_deliver_one(entry_id) for entry_id in entry_ids)


def deliver_due(*, now: datetime, limit: int = 500) -> int:
    """The sweep: deliver what is due and was not taken by a worker. Returns how many were finished."""
    due = OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING, due_at__lte=now).order_by("due_at", "id")
    return deliver(entry_ids=list(due.values_list("pk", flat=True)[:limit]))


def retry(*, entry_ids: Sequence[int], now: datetime) -> int:
    """Give parked entries a fresh set of attempts; returns how many were parked."""
    return OutboxEntry.objects.filter(pk__in=entry_ids, status=OutboxEntry.Status.PARKED).update(
        status=OutboxEntry.Status.PENDING, attempts=0, due_at=now
    )


def forget_done(*, before: datetime, limit: int = 10_000) -> int:
    """Delete delivered entries that finished before `before`; returns how many."""
    old = OutboxEntry.objects.filter(status=OutboxEntry.Status.DONE, finished_at__lt=before).values("pk")[:limit]
    return OutboxEntry.objects.filter(pk__in=old).delete()[0]


def _deliver_one(entry_id: int) -> bool:
    try:
        with unit_of_work():
            entry = (
                OutboxEntry.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(pk=entry_id, status=OutboxEntry.Status.PENDING)
                .first()
            )
            if entry is None:
                return False
            known = _subscription_of(entry)
            if known.in_transaction:
                known.handler(msgspec.convert(entry.payload, known.fact))
                _finish(entry_id)
                return True
            if not _lease(entry):
                return False
        known.handler(msgspec.convert(entry.payload, known.fact))
        _finish(entry_id)
    except Exception as error:
        log.exception("outbox_delivery_failed", entry=entry_id)
        _postpone(entry_id, error)
        return False
    return True


def _subscription_of(entry: OutboxEntry) -> Subscription:
    known = subscription(entry.subscriber)
    if known is None:
        raise LookupError(f"no subscriber is registered as {entry.subscriber}")
    return known


def _lease(entry: OutboxEntry) -> bool:
    # While leased no other worker takes the row; a killed worker's row comes back when the lease ends.
    now = clock.now()
    if entry.leased_until is not None and entry.leased_until > now:
        return False
    OutboxEntry.objects.filter(pk=entry.pk).update(leased_until=now + LEASE, due_at=now + LEASE)
    return True


def _finish(entry_id: int) -> None:
    OutboxEntry.objects.filter(pk=entry_id).update(
        status=OutboxEntry.Status.DONE, attempts=F("attempts") + 1, finished_at=clock.now(), last_error=""
    )


def _postpone(entry_id: int, error: Exception) -> None:
    now = clock.now()
    with transaction.atomic():
        entry = OutboxEntry.objects.select_for_update(no_key=True).get(pk=entry_id)
        if entry.status != OutboxEntry.Status.PENDING:
            return
        entry.attempts += 1
        entry.last_error = f"{type(error).__name__}: {error}"[:2000]
        entry.leased_until = None
        entry.due_at = now + timedelta(seconds=min(5 * 2**entry.attempts, 3600))
        if entry.attempts >= MAX_ATTEMPTS:
            entry.status = OutboxEntry.Status.PARKED
        entry.save(update_fields=["attempts", "last_error", "due_at", "leased_until", "status"])
