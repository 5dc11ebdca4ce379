"""Two accounts of one person become one: lots, history and balances go over; a debt of one is repaid by the other."""

from datetime import datetime

from django.db import connection

from points.ledger.locks import LockedAccount
from points.ledger.lots import take
from points.ledger.models import PointAccount, PointLot, PointTransaction
from points.ledger.posting import Bucket, Kind, Posting, book
from points.ledger.settling import open_accounts

_SOURCE = "merger"
_JOIN = """
UPDATE ledger_pointaccount target SET available = target.available + source.available,
    pending = target.pending + source.pending, held = target.held + source.held, debt = target.debt + source.debt,
    due_at = least(target.due_at, source.due_at), active_at = greatest(target.active_at, source.active_at),
    ages_by_inactivity = target.ages_by_inactivity OR source.ages_by_inactivity,
    version = target.version + source.version
FROM ledger_pointaccount source WHERE target.member_id = %s AND source.member_id = %s
"""


def move_points(*, source_id: int, target_id: int, now: datetime) -> int:
    """Give the target all that the source has, inside the caller's transaction; returns the transactions that moved."""
    if not PointAccount.objects.filter(pk=source_id).exists():
        return 0
    accounts = open_accounts(member_ids=[source_id, target_id], now=now)
    source, target = accounts[source_id], accounts[target_id]
    _repay(payer=source, debtor=target, now=now)
    _repay(payer=target, debtor=source, now=now)
    moved = PointTransaction.objects.filter(member_id=source_id).update(member_id=target_id)
    PointLot.objects.filter(member_id=source_id).update(member_id=target_id)
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, [target_id, source_id])
    PointAccount.objects.filter(pk=source_id).update(
        available=0, pending=0, held=0, debt=0, due_at=None, active_at=None, ages_by_inactivity=False
    )
    return moved


def _repay(*, payer: LockedAccount, debtor: LockedAccount, now: datetime) -> None:
    points = min(payer.available, debtor.debt)
    if not points:
        return
    reference = f"merge:{payer.member_id}:{debtor.member_id}:{now.isoformat()}"
    paid = Posting(
        reference=reference, member_id=payer.member_id, kind=Kind.MERGE, source=_SOURCE, points=-points, now=now
    )
    for share in take(member_id=payer.member_id, points=points, now=now):
        paid.move(share.lot_id, Bucket.AVAILABLE, Bucket.TRANSFERRED, share.points)
    received = Posting(
        reference=f"{reference}:in",
        member_id=debtor.member_id,
        kind=Kind.MERGE,
        source=_SOURCE,
        points=points,
        now=now,
        reverses_id=book(paid).pk,
    )
    received.move(None, Bucket.TRANSFERRED, Bucket.DEBT, points)
    book(received)
