"""Points are set aside for an order or a gift until that is certain. Building blocks, inside the caller's transaction.

A hold pins its lots: what they hold can be captured after their expiry too. It ends once, by a capture, a release or
a transfer.
"""

from datetime import datetime

from points.ledger.errors import HoldEnded, PointTransactionUnknown
from points.ledger.lots import Share, give_back, shares_of
from points.ledger.models import PointTransaction
from points.ledger.posting import Bucket, Kind, Posting, book, stored
from points.ledger.services.spending import book_out_of_available
from points.ledger.settling import open_account

ENDS = (Kind.CAPTURE, Kind.RELEASE, Kind.TRANSFER_OUT)


def hold(
    *, reference: str, member_id: int, points: int, now: datetime, source: str = "order", note: str = ""
) -> PointTransaction:
    """Set points aside, soonest expiring first. Raises InsufficientPoints, PointReferenceUsed."""
    posting = Posting(
        reference=reference,
        member_id=member_id,
        kind=Kind.HOLD,
        source=source,
        points=-points,
        now=now,
        note=note,
        is_activity=True,
    )
    return book_out_of_available(posting, target=Bucket.HELD)


def capture(*, hold_reference: str, reference: str, now: datetime) -> PointTransaction:
    """What was held is spent. Raises PointTransactionUnknown, HoldEnded, PointReferenceUsed."""
    held = held_by(hold_reference)
    open_account(member_id=held.member_id, now=now)
    posting = ending(held, kind=Kind.CAPTURE, reference=reference, points=held.points, now=now)
    before = stored(posting)
    if before is not None:
        return before
    for share in open_shares(held):
        posting.move(share.lot_id, Bucket.HELD, Bucket.SPENT, share.points)
    return book(posting)


def release(*, hold_reference: str, reference: str, now: datetime) -> PointTransaction:
    """What was held is available again; what has expired meanwhile expires, or gets the one grace of its line.

    A debt is repaid first. Raises PointTransactionUnknown, HoldEnded, PointReferenceUsed.
    """
    held = held_by(hold_reference)
    account = open_account(member_id=held.member_id, now=now)
    posting = ending(held, kind=Kind.RELEASE, reference=reference, points=-held.points, now=now)
    posting.debt = account.debt
    before = stored(posting)
    if before is not None:
        return before
    give_back(posting, open_shares(held), out_of=Bucket.HELD)
    return book(posting)


def held_by(hold_reference: str) -> PointTransaction:
    held = PointTransaction.objects.filter(reference=hold_reference, kind=Kind.HOLD).first()
    if held is None:
        raise PointTransactionUnknown
    return held


def ending(held: PointTransaction, *, kind: str, reference: str, points: int, now: datetime) -> Posting:
    return Posting(
        reference=reference,
        member_id=held.member_id,
        kind=kind,
        source=held.source,
        points=points,
        now=now,
        reverses_id=held.pk,
        is_activity=kind != Kind.RELEASE,
    )


def open_shares(held: PointTransaction) -> list[Share]:
    """What a hold holds, on a locked account. Raises HoldEnded."""
    if PointTransaction.objects.filter(reverses=held, kind__in=ENDS).exists():
        raise HoldEnded
    return shares_of(held, Bucket.HELD)
