"""Points come: earned, or given by hand. All are building blocks, inside the caller's transaction.

A reference is booked once: repeating a call returns what is stored, another content is refused.
"""

from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Least

from points.ledger.errors import InsufficientPoints
from points.ledger.locks import LockedAccount
from points.ledger.lots import take
from points.ledger.models import PointAccount, PointEntry, PointLot, PointTransaction
from points.ledger.policies import Expiry, expiry_for
from points.ledger.posting import Bucket, Kind, NewLot, Posting, book, stored
from points.ledger.settling import open_account
from shop.core.actors import Actor

MANUAL = "manual"


class Given(Enum):
    """Stands for an instant that somebody else knows."""

    BY_POLICY = "by policy"


BY_POLICY = Given.BY_POLICY


def grant(
    *,
    reference: str,
    member_id: int,
    points: int,
    source: str,
    now: datetime,
    matures_at: datetime | None,
    expires_at: datetime | Given | None = BY_POLICY,
    policy_id: int | None = None,
    rule_version_id: int | None = None,
    trace: dict[str, Any] | None = None,
    note: str = "",
) -> PointTransaction:
    """Give the member points in a lot of their own.

    They can be spent from `matures_at` on; without it they are pending until `set_maturity`. They expire as
    `policy_id` says, or the default policy where there is none; `expires_at` says otherwise, None being never.
    A debt is repaid first, once they are mature. Raises PointReferenceUsed.
    """
    if points <= 0:
        raise ValueError("only positive points are granted")
    account = open_account(member_id=member_id, now=now)
    posting = Posting(
        reference=reference,
        member_id=member_id,
        kind=Kind.GRANT,
        source=source,
        points=points,
        now=now,
        debt=account.debt,
        rule_version_id=rule_version_id,
        trace=trace,
        note=note,
        is_activity=True,
    )
    expiry = _expiry(expires_at, policy_id, now)
    mature = matures_at is not None and matures_at <= now
    lot = NewLot(
        points=points,
        source=source,
        earned_at=now,
        expires_at=expiry.expires_at,
        matures_at=matures_at,
        is_mature=mature,
        expiry_id=expiry.version_id,
        by_inactivity=expiry.by_inactivity,
        rule_version_id=rule_version_id,
    )
    posting.move(posting.open_lot(lot), Bucket.ISSUED, Bucket.AVAILABLE if mature else Bucket.PENDING, points)
    return _told_of_repayment(posting, account)


def set_maturity(*, reference: str, matures_at: datetime, now: datetime) -> PointTransaction | None:
    """From when on the points of this grant can be spent; None where there is no such grant.

    May be said again as long as they are pending; what is mature stays so.
    """
    granted = PointTransaction.objects.filter(reference=reference, kind=Kind.GRANT).first()
    if granted is None:
        return None
    open_account(member_id=granted.member_id, now=now)
    lot_id = PointEntry.objects.filter(transaction=granted, bucket=Bucket.PENDING).values("lot_id")
    changed = PointLot.objects.filter(pk__in=lot_id, is_mature=False, remaining__gt=0).update(matures_at=matures_at)
    if changed:
        account = PointAccount.objects.filter(pk=granted.member_id)
        account.update(due_at=Least(F("due_at"), Value(matures_at)))
        if matures_at <= now:
            open_account(member_id=granted.member_id, now=now)
    return granted


def adjust(
    *, reference: str, member_id: int, points: int, actor: Actor, note: str, now: datetime, policy_id: int | None = None
) -> PointTransaction:
    """Staff give points, or take them where negative, soonest expiring first.

    Raises InsufficientPoints where more is taken than is available, and PointReferenceUsed.
    """
    if points == 0:
        raise ValueError("an adjustment changes something")
    account = open_account(member_id=member_id, now=now)
    posting = Posting(
        reference=reference,
        member_id=member_id,
        kind=Kind.ADJUST,
        source=MANUAL,
        points=points,
        now=now,
        debt=account.debt,
        note=note,
        actor=str(actor),
    )
    if points < 0:
        if account.available < -points:
            before = stored(posting)
            if before is None:
                raise InsufficientPoints(available=account.available, wanted=-points)
            return before
        for share in take(member_id=member_id, points=-points, now=now):
            posting.move(share.lot_id, Bucket.AVAILABLE, Bucket.ADJUSTED, share.points)
        return book(posting)
    expiry = expiry_for(policy_id, granted_at=now)
    lot = NewLot(
        points=points,
        source=MANUAL,
        earned_at=now,
        expires_at=expiry.expires_at,
        matures_at=now,
        expiry_id=expiry.version_id,
        by_inactivity=expiry.by_inactivity,
    )
    posting.move(posting.open_lot(lot), Bucket.ADJUSTED, Bucket.AVAILABLE, points)
    return _told_of_repayment(posting, account)


def _expiry(expires_at: datetime | Given | None, policy_id: int | None, now: datetime) -> Expiry:
    by_policy = expiry_for(policy_id, granted_at=now) if expires_at is BY_POLICY or policy_id is not None else None
    if isinstance(expires_at, Given):
        assert by_policy is not None
        return by_policy
    if by_policy is not None and by_policy.expires_at == expires_at:
        return by_policy
    return Expiry(None, expires_at, False)


def _told_of_repayment(posting: Posting, account: LockedAccount) -> PointTransaction:
    """The trace says what went into a debt."""
    repaid = account.debt - posting.debt
    if repaid:
        posting.trace = {**(posting.trace or {}), "debt_repaid": repaid}
    return book(posting)
