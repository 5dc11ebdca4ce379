"""Members with points, and what the ledger does with them; runs inside Django (`Shop.call`)."""

import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import Count

from points.ledger.facts import PointsChanged
from points.ledger.locks import _LOCK
from points.ledger.lots import _FREE
from points.ledger.models import PointEntry, PointTransaction
from points.ledger.posting import _POST
from points.ledger.queries import balance_of, history_of
from points.ledger.services import settle_due, spend
from shop.core import clock
from shop.core.events import receivers
from shop.core.outbox import _WRITE
from shop.core.transactions import use_case

# Written past the triggers, which a load of this size would wait for.
_MEMBERS = """
    INSERT INTO identity_member (nickname, avatar_url, unionid, invite_code, status, joined_at)
    SELECT %(name)s, '', '', 'P' || upper(substr(md5(%(name)s || g), 1, 11)), 'active', now()
    FROM generate_series(1, %(members)s) g
"""
_LOTS = """
    INSERT INTO ledger_pointlot
        (member_id, amount, remaining, held, is_mature, source, earned_at, matures_at, expires_at)
    SELECT id, %(points)s, %(points)s, 0, true, 'bench', now(), now(), %(expires_at)s::timestamptz
    FROM identity_member, generate_series(1, %(lots)s) WHERE nickname = %(name)s
"""
_ACCOUNTS = """
    INSERT INTO ledger_pointaccount
        (member_id, available, pending, held, debt, due_at, ages_by_inactivity, version)
    SELECT id, %(points)s::bigint * %(lots)s, 0, 0, 0, %(expires_at)s::timestamptz, false, 1
    FROM identity_member WHERE nickname = %(name)s
"""
_GRANTS = """
    INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
    SELECT 'bench:' || id, id, 'grant', 'bench', %(points)s::bigint * %(lots)s, '', '', now()
    FROM identity_member WHERE nickname = %(name)s
"""
_ENTRIES = """
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT granted.id, lot.id, leg.bucket, leg.sign * lot.amount
    FROM identity_member member JOIN ledger_pointtransaction granted ON granted.reference = 'bench:' || member.id
        JOIN ledger_pointlot lot ON lot.member_id = member.id
        CROSS JOIN (VALUES ('issued', -1), ('available', 1)) AS leg(bucket, sign)
    WHERE member.nickname = %(name)s
"""
_HISTORY = """
    WITH booked AS (
        INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
        SELECT 'bench:' || %(member)s || ':' || n, %(member)s, 'spend', 'order', -1, '', '', now()
        FROM generate_series(1, %(spends)s) n RETURNING id
    ), written AS (
        INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
        SELECT booked.id, lot.id, leg.bucket, leg.amount
        FROM booked, ledger_pointlot lot, (VALUES ('available', -1), ('spent', 1)) AS leg(bucket, amount)
        WHERE lot.member_id = %(member)s
    ), lots AS (
        UPDATE ledger_pointlot SET remaining = remaining - %(spends)s WHERE member_id = %(member)s
    )
    UPDATE ledger_pointaccount SET available = available - %(spends)s WHERE member_id = %(member)s
"""

_EXPIRED = PointsChanged(
    member_id=1,
    kind="expire",
    source="clock",
    points=-1,
    available=0,
    reference="",
    at=datetime(2030, 1, 1, tzinfo=UTC),
)


def load(*, groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write groups of members, each with its `name`, `members`, `lots` of each member, `points` of each lot and
    `expires_at`; returns the first and the last id of each by name, the statements of a spend, and who is told of it.
    """
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        for group in groups:
            for statement in (_MEMBERS, _LOTS, _ACCOUNTS, _GRANTS, _ENTRIES):
                cursor.execute(statement, group)
            cursor.execute("SELECT min(id), max(id) FROM identity_member WHERE nickname = %s", [group["name"]])
            found[group["name"]] = list(cursor.fetchone())
        for table in ("lot", "account", "transaction", "entry"):
            cursor.execute(f"VACUUM ANALYZE ledger_point{table}")
    return {
        "members": found,
        "hot_path": [each.sql for each in (_LOCK, _FREE, _POST, _WRITE)],
        "receivers": [each.name for each in receivers(_EXPIRED)],
    }


def spends(*, members: list[int], seconds: float, seed: int) -> float:
    """Spend one point of a random member after the other; how many each second."""
    random, done = Random(seed), 0
    run = use_case(lambda reference, member_id: _spend_one(reference, member_id))
    run(f"bench:{seed}:warm", members[0])
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        done += 1
        run(f"bench:{seed}:{done}", random.randint(*members))
    return done / (time.monotonic() - started)


def _spend_one(reference: str, member_id: int) -> None:
    spend(reference=reference, member_id=member_id, points=1, source="order", now=clock.now())


def sweep(*, at: str) -> dict[str, float]:
    """Expire as the job does at this instant; the seconds, what was done, and by how many MB the process grew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    settle_due(now=datetime.fromisoformat(at))
    seconds = time.monotonic() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"seconds": seconds, "grown_mb": grown, "expired": _expired(at)}


def _expired(at: str) -> int:
    """How many members of the group that is named after this day lost points; the demo has members of its own."""
    booked = PointTransaction.objects.filter(kind=PointTransaction.Kind.EXPIRE, at=at)
    return booked.filter(member__nickname=at[:10]).count()


def reads(*, members: list[int], spends: list[int], rounds: int) -> dict[str, list[float]]:
    """Write histories of so many spends, then ask for a balance and a page of history of each member in turns.

    Returns median microseconds for each member, and how many `entries` each has.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        for pk, count in zip(members, spends, strict=True):
            cursor.execute(_HISTORY, {"member": pk, "spends": count})
        cursor.execute("SET session_replication_role = origin")
    asked: dict[str, Callable[[int], object]] = {
        "balance": lambda pk: balance_of(member_id=pk, now=now),
        "history": lambda pk: list(history_of(member_id=pk)[:20]),
    }
    with connection.cursor() as cursor:
        for table in ("lot", "account", "transaction"):
            cursor.execute(f"VACUUM ANALYZE ledger_point{table}")
    found = {name: _medians(ask, members, rounds) for name, ask in asked.items()}
    entries = PointEntry.objects.filter(transaction__member__in=members).values("transaction__member")
    return {**found, "entries": [row["n"] for row in entries.annotate(n=Count("pk")).order_by("transaction__member")]}


def _medians(ask: Callable[[int], object], members: list[int], rounds: int) -> list[float]:
    took: dict[int, list[float]] = {pk: [] for pk in members}
    for _ in range(rounds):
        for pk in members:
            started = time.perf_counter()
            ask(pk)
            took[pk].append((time.perf_counter() - started) * 1e6)
    return [median(took[pk]) for pk in members]
