"""What the clock has done to accounts is booked: points mature, repay debts and expire.

Any number of locked accounts in three statements. Whoever moves points settles the account first, so that a late
sweeper changes nothing but the moment of booking: what matured in time repays a debt even if it has expired since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from points.ledger.facts import PointsChanged
from points.ledger.locks import LockedAccount, lock_account, lock_accounts
from shop.core.outbox import publish

_SOURCE = "clock"
# Points that are due while a debt is open: in the order in which they matured each pays what is left of the debt.
_MATURE = """
WITH due AS (
    SELECT lot.id, lot.member_id, lot.remaining AS points, least(lot.remaining, greatest(0, account.debt
        - (sum(lot.remaining) OVER (PARTITION BY lot.member_id ORDER BY lot.matures_at, lot.id) - lot.remaining)
        ))::bigint AS repaid
    FROM ledger_pointlot lot JOIN ledger_pointaccount account USING (member_id)
    WHERE lot.member_id = ANY(%(members)s) AND NOT lot.is_mature AND lot.remaining > 0
        AND lot.matures_at <= %(now)s AND (lot.expires_at IS NULL OR lot.expires_at > lot.matures_at)
), sums AS (
    SELECT member_id, sum(points)::bigint AS points, sum(repaid)::bigint AS repaid FROM due GROUP BY member_id
), booked AS (
    INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
    SELECT 'mature:' || member_id || ':' || account.version, member_id, 'mature', %(source)s, sums.points, '', '',
        %(now)s
    FROM sums JOIN ledger_pointaccount account USING (member_id)
    RETURNING id, member_id, reference
), written AS (
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT booked.id, due.id, leg.bucket, leg.amount
    FROM due JOIN booked USING (member_id) CROSS JOIN LATERAL (VALUES ('pending', -due.points),
        ('available', due.points - due.repaid), ('debt', due.repaid)) AS leg(bucket, amount)
    WHERE leg.amount <> 0
), lots AS (
    UPDATE ledger_pointlot lot SET is_mature = true, remaining = lot.remaining - due.repaid
    FROM due WHERE due.id = lot.id
), accounts AS (
    UPDATE ledger_pointaccount account SET pending = pending - sums.points, debt = debt - sums.repaid,
        available = available + sums.points - sums.repaid, version = version + 1
    FROM sums WHERE sums.member_id = account.member_id
    RETURNING account.member_id, account.available
)
SELECT booked.member_id, booked.reference, sums.points, accounts.available
FROM booked JOIN sums USING (member_id) JOIN accounts USING (member_id)
"""
_EXPIRE = """
WITH due AS (
    SELECT id, member_id, remaining - held AS points, CASE WHEN is_mature THEN 'available' ELSE 'pending' END AS bucket
    FROM ledger_pointlot
    WHERE member_id = ANY(%(members)s) AND remaining > held AND expires_at <= %(now)s
), sums AS (
    SELECT member_id, sum(points)::bigint AS points,
        coalesce(sum(points) FILTER (WHERE bucket = 'pending'), 0)::bigint AS pending
    FROM due GROUP BY member_id
), booked AS (
    INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
    SELECT 'expire:' || member_id || ':' || account.version, member_id, 'expire', %(source)s, -sums.points, '', '',
        %(now)s
    FROM sums JOIN ledger_pointaccount account USING (member_id)
    RETURNING id, member_id, reference
), written AS (
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT booked.id, due.id, leg.bucket, leg.amount
    FROM due JOIN booked USING (member_id)
        CROSS JOIN LATERAL (VALUES (due.bucket, -due.points), ('expired', due.points)) AS leg(bucket, amount)
), lots AS (
    UPDATE ledger_pointlot lot SET remaining = held FROM due WHERE due.id = lot.id
), accounts AS (
    UPDATE ledger_pointaccount account SET available = available - (sums.points - sums.pending),
        pending = account.pending - sums.pending, version = version + 1
    FROM sums WHERE sums.member_id = account.member_id
    RETURNING account.member_id, account.available
)
SELECT booked.member_id, booked.reference, -sums.points, accounts.available
FROM booked JOIN sums USING (member_id) JOIN accounts USING (member_id)
"""
_DUE_NEXT = """
UPDATE ledger_pointaccount account SET due_at = (
    SELECT min(least(lot.expires_at, CASE WHEN lot.is_mature THEN NULL ELSE lot.matures_at END))
    FROM ledger_pointlot lot WHERE lot.member_id = account.member_id AND lot.remaining > lot.held)
WHERE account.member_id = ANY(%s)
"""


@dataclass(frozen=True)
class Settled:
    """How many accounts had points that matured, and how many had points that expired."""

    matured: int
    expired: int


def open_account(*, member_id: int, now: datetime) -> LockedAccount:
    """The member's account, locked and settled: the way in for everything that moves points."""
    account = lock_account(member_id=member_id)
    if not _is_due(account, now):
        return account
    settle(member_ids=[member_id], now=now)
    return lock_account(member_id=member_id)


def open_accounts(*, member_ids: Sequence[int], now: datetime) -> dict[int, LockedAccount]:
    accounts = lock_accounts(member_ids=member_ids)
    due = [account.member_id for account in accounts.values() if _is_due(account, now)]
    if not due:
        return accounts
    settle(member_ids=due, now=now)
    return lock_accounts(member_ids=member_ids)


def settle(*, member_ids: Sequence[int], now: datetime) -> Settled:
    """Book what has matured and expired by now on accounts that the caller has locked."""
    parameters: dict[str, Any] = {"members": list(member_ids), "now": now, "source": _SOURCE}
    with connection.cursor() as cursor:
        cursor.execute(_MATURE, parameters)
        matured = cursor.fetchall()
        cursor.execute(_EXPIRE, parameters)
        expired = cursor.fetchall()
        cursor.execute(_DUE_NEXT, [list(member_ids)])
    publish(
        *(
            PointsChanged(
                member_id=member_id,
                kind=kind,
                source=_SOURCE,
                points=points,
                available=available,
                reference=reference,
                at=now,
            )
            for kind, rows in (("mature", matured), ("expire", expired))
            for member_id, reference, points, available in rows
        )
    )
    return Settled(len(matured), len(expired))


def _is_due(account: LockedAccount, now: datetime) -> bool:
    return account.due_at is not None and account.due_at <= now
