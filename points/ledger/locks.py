"""Locks of this room. Point accounts come after promotion rows and before stock, among themselves by primary key.

The account's row stands for everything under it: its lots change under its lock only. Whoever has no account yet gets
one, so that the first points of a member are locked like all others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shop.core.actors import Actor
from shop.core.prepared import Prepared

_COLUMNS = "member_id, available, pending, held, debt, due_at"
_LOCK = Prepared(
    "lock_point_accounts",
    f"SELECT {_COLUMNS} FROM ledger_pointaccount WHERE member_id = ANY(%s) ORDER BY member_id FOR NO KEY UPDATE",
)
_LOCK_DUE = """
SELECT member_id FROM ledger_pointaccount WHERE due_at <= %s ORDER BY due_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_OPEN = """
INSERT INTO ledger_pointaccount (member_id, available, pending, held, debt, ages_by_inactivity, version)
SELECT id, 0, 0, 0, 0, false, 0 FROM unnest(%s::bigint[]) AS missing(id) ORDER BY id ON CONFLICT (member_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class LockedAccount:
    """What was booked when the lock was taken; nobody else changes it until the transaction ends."""

    member_id: int
    available: int
    pending: int
    held: int
    debt: int
    due_at: datetime | None


def lock_account(*, member_id: int) -> LockedAccount:
    return lock_accounts(member_ids=[member_id])[member_id]


def lock_accounts(*, member_ids: Iterable[int]) -> dict[int, LockedAccount]:
    """Lock the members' accounts in order, opening those that are missing; callers hold their order and claim rows."""
    wanted = sorted(set(member_ids))
    rows = _LOCK.run([wanted])
    if len(rows) < len(wanted):
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [wanted])
        rows = _LOCK.run([wanted])
    return {row[0]: LockedAccount(*row) for row in rows}


def lock_giver(*, actor: Actor) -> None:
    """Hold what somebody has given by hand today until the transaction ends; comes before all accounts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"points by hand:{actor}"])


def lock_due(*, now: datetime, limit: int) -> list[int]:
    """Some members whose points mature or expire by now, locked; those that somebody else is working on are left."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_DUE, [now, limit])
        return [row[0] for row in cursor.fetchall()]
