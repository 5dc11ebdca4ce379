"""The durable outbox: what was published is delivered at least once to each subscriber, whatever dies.

`publish` writes the rows inside the caller's transaction. After the commit they are handed to Celery; a sweep takes
what was missed (broker away, worker killed) and what is published in masses, which must not stand in the queue before
a buyer's payment. Delivery locks the row, so a subscriber runs once at a time, and an in-transaction subscriber takes
effect exactly once. Those that have a turn share one transaction, unless one of them fails: then each has its own.
A failing one is retried with backoff and at last parked, visible in the admin; it never holds up another.
"""

import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Any

import kombu.exceptions
import kombu.pools
import msgspec
import redis.exceptions
import structlog
from celery import current_app
from django.db import transaction

from shop.core import clock
from shop.core.events import Fact, Subscription, receivers, subscription
from shop.core.models import OutboxEntry
from shop.core.prepared import Prepared
from shop.core.transactions import unit_of_work

DELIVER_TASK = "core.deliver_outbox"
HAND_OVER_GRACE = timedelta(seconds=15)
HANDED_OVER_AT_ONCE = 100
LEASE = timedelta(seconds=120)
CHAIN_SECONDS = 10.0
# Less than the sweep's period, so that one worker at most sweeps.
SWEEP_SECONDS = 8.0
SWEEP_ENTRIES = 10_000
MAX_ATTEMPTS = 12
# After a failed hand-over nobody waits for the broker for so long; the sweep delivers meanwhile.
BROKER_PAUSE_SECONDS = 5.0
BROKER_PATIENCE_SECONDS = 0.5

# Written out, because every fact passes here several times and the ORM would cost more than Postgres.
_WRITE = Prepared(
    "write_outbox",
    """
INSERT INTO core_outboxentry
    (event_id, fact, subscriber, payload, status, attempts, due_at, last_error, created_at)
SELECT event_id, fact, subscriber, payload::jsonb, 'pending', 0, %s::timestamptz, '', %s::timestamptz
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS told (event_id, fact, subscriber, payload)
RETURNING id, event_id::text, subscriber
""",
)
# Takes effect with what the subscribers do, all of whom share the transaction; or not at all.
_TAKE = Prepared(
    "take_outbox",
    """
WITH mine AS (
    SELECT id FROM core_outboxentry
    WHERE id = ANY(%(ids)s::bigint[]) AND status = 'pending' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE core_outboxentry entry
SET status = 'done', attempts = attempts + 1, finished_at = %(now)s::timestamptz, last_error = ''
FROM mine WHERE entry.id = mine.id RETURNING entry.subscriber, entry.payload
""",
)
_LOCK = Prepared(
    "lock_outbox",
    """
SELECT subscriber, payload, leased_until FROM core_outboxentry WHERE id = %s AND status = 'pending'
FOR NO KEY UPDATE SKIP LOCKED
""",
)
_LEASE_ENTRY = Prepared("lease_outbox", "UPDATE core_outboxentry SET leased_until = %s, due_at = %s WHERE id = %s")
_FINISH = Prepared(
    "finish_outbox",
    """
UPDATE core_outboxentry SET status = 'done', attempts = attempts + 1, finished_at = %s, last_error = '' WHERE id = %s
""",
)

log = structlog.get_logger(__name__)

_broker_away_until = 0.0


@dataclass
class _Chain:
    """What one task delivers, group after group, then what is for the network, and until when it takes more on."""

    groups: deque[list[int]]
    takes_more_until: float
    calls: deque[list[int]] = field(default_factory=deque)

    def takes_more(self) -> bool:
        return time.monotonic() < self.takes_more_until


_chain: ContextVar[_Chain | None] = ContextVar("outbox_chain", default=None)


def publish(*facts: Fact) -> None:
    """Write `facts` for all who want them, in one statement; must be called inside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish() belongs inside the transaction that makes the fact true")
    now = clock.now()
    told: list[tuple[str, str, str, str]] = []
    for fact in facts:
        if wanting := receivers(fact):
            event_id, name, payload = str(uuid.uuid4()), type(fact).__name__, msgspec.json.encode(fact).decode()
            told += [(event_id, name, receiver.name, payload) for receiver in wanting]
    if told:
        written = _WRITE.run([now + HAND_OVER_GRACE, now, *map(list, zip(*told, strict=True))])
        transaction.on_commit(lambda: _hand_over(written))


def _hand_over(written: Sequence[tuple[int, str, str]]) -> None:
    """What a delivery publishes is delivered by the same task; calls over the network are not, or come last in it."""
    if len(written) > HANDED_OVER_AT_ONCE:
        return
    chain, sent = _chain.get(), defaultdict[str, list[list[int]]](list)
    for entry_ids, known in _groups(written):
        if chain is None or not chain.takes_more() or not (known.in_transaction or known.soon):
            sent[known.queue].append(entry_ids)
        elif known.in_transaction:
            chain.groups.append(entry_ids)
        else:
            chain.calls.append(entry_ids)
    for queue, groups in sent.items():
        _send(groups, queue)


def _groups(written: Sequence[tuple[int, str, str]]) -> Iterator[tuple[list[int], Subscription]]:
    """The entries that are delivered in one transaction, each time with one of those for whom they are."""
    shared: dict[str, tuple[list[int], Subscription]] = {}
    for entry_id, event_id, subscriber in written:
        known = _subscription(subscriber)
        if known.turn is None:
            yield [entry_id], known
        else:
            shared.setdefault(event_id, ([], known))[0].append(entry_id)
    yield from shared.values()


def _send(groups: list[list[int]], queue: str) -> None:
    global _broker_away_until
    if time.monotonic() < _broker_away_until:
        return
    try:
        with _publishers().acquire(block=True, timeout=BROKER_PATIENCE_SECONDS) as producer:
            task = {"args": [groups], "producer": producer, "queue": queue or None}
            current_app.send_task(DELIVER_TASK, **task, argsrepr="", kwargsrepr="")
    except (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError) as error:
        _broker_away_until = time.monotonic() + BROKER_PAUSE_SECONDS
        log.warning("outbox_hand_over_failed", entries=sum(map(len, groups)), error=str(error))


@cache
def _publishers() -> Any:
    """Connections apart: workers listen for long, but whoever publishes must not wait for a broker that hangs."""
    patience = {"socket_timeout": BROKER_PATIENCE_SECONDS, "socket_connect_timeout": BROKER_PATIENCE_SECONDS}
    return kombu.pools.producers[current_app.connection_for_write(transport_options=patience)]


def deliver(*, entry_ids: Iterable[int]) -> int:
    """Deliver these entries, each in its own transaction; returns how many were finished now."""
    return sum(_deliver_one(entry_id) for entry_id in entry_ids)


def deliver_chain(*, groups: Sequence[list[int]]) -> int:
    """Deliver these groups of entries and what their subscribers publish; returns how many were finished now."""
    chain = _Chain(deque(groups), time.monotonic() + CHAIN_SECONDS)
    token = _chain.set(chain)
    finished = 0
    try:
        while chain.groups or (chain.calls and chain.takes_more()):
            finished += _deliver_together((chain.groups or chain.calls).popleft())
        if chain.calls:
            _send(list(chain.calls), "")
    finally:
        _chain.reset(token)
    return finished


def deliver_due(*, now: datetime) -> int:
    """The sweep: deliver what is due and not with a worker, as far as its time goes. Returns how many were finished."""
    ends = time.monotonic() + SWEEP_SECONDS
    due = OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING, due_at__lte=now).order_by("due_at", "id")
    waiting = list(due.values_list("pk", flat=True)[:SWEEP_ENTRIES])
    return deliver(entry_ids=takewhile(lambda _: time.monotonic() < ends, waiting))


def retry(*, entry_ids: Sequence[int], now: datetime) -> int:
    """Give parked entries a fresh set of attempts; returns how many were parked."""
    return OutboxEntry.objects.filter(pk__in=entry_ids, status=OutboxEntry.Status.PARKED).update(
        status=OutboxEntry.Status.PENDING, attempts=0, due_at=now
    )


def forget_done(*, before: datetime, limit: int = 10_000) -> int:
    """Delete delivered entries that finished before `before`; returns how many."""
    old = OutboxEntry.objects.filter(status=OutboxEntry.Status.DONE, finished_at__lt=before).values("pk")[:limit]
    return OutboxEntry.objects.filter(pk__in=old).delete()[0]


def _deliver_together(entry_ids: list[int]) -> int:
    """All in one transaction; when it fails each in its own, so that only those wait that fail by themselves."""
    if len(entry_ids) == 1:
        return deliver(entry_ids=entry_ids)
    try:
        with unit_of_work():
            taken = _TAKE.run({"ids": entry_ids, "now": clock.now()})
            told = [(_subscription(subscriber), payload) for subscriber, payload in taken]
            for known, payload in sorted(told, key=lambda each: each[0].turn or 0):
                known.handler(msgspec.json.decode(payload, type=known.fact))
    except Exception as error:
        log.warning("outbox_delivered_apart", entries=entry_ids, error=f"{type(error).__name__}: {error}")
        return deliver(entry_ids=entry_ids)
    return len(taken)


def _deliver_one(entry_id: int) -> bool:
    try:
        with unit_of_work():
            found = _LOCK.row([entry_id])
            if found is None:
                return False
            subscriber, payload, leased_until = found
            known = _subscription(subscriber)
            fact = msgspec.json.decode(payload, type=known.fact)
            if known.in_transaction:
                known.handler(fact)
                _finish(entry_id)
                return True
            if not _lease(entry_id, leased_until):
                return False
        known.handler(fact)
        _finish(entry_id)
    except Exception as error:
        log.exception("outbox_delivery_failed", entry=entry_id)
        _postpone(entry_id, error)
        return False
    return True


def _subscription(name: str) -> Subscription:
    known = subscription(name)
    if known is None:
        raise LookupError(f"no subscriber is registered as {name}")
    return known


def _lease(entry_id: int, leased_until: datetime | None) -> bool:
    # While leased no other worker takes the row; a killed worker's row comes back when the lease ends.
    now = clock.now()
    if leased_until is not None and leased_until > now:
        return False
    _LEASE_ENTRY.run([now + LEASE, now + LEASE, entry_id])
    return True


def _finish(entry_id: int) -> None:
    _FINISH.run([clock.now(), entry_id])


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
