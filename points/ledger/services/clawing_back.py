"""Points that were earned for something that has been undone. A building block, inside the caller's transaction."""

from datetime import datetime

from points.ledger.errors import MoreThanGranted, PointTransactionUnknown
from points.ledger.lots import take
from points.ledger.models import PointEntry, PointLot, PointTransaction
from points.ledger.posting import Bucket, Kind, Posting, book, stored
from points.ledger.queries import kept_of
from points.ledger.settling import open_account


def claw_back(*, of: str, reference: str, points: int, now: datetime) -> PointTransaction:
    """Take so many points of a grant back: out of its own lot, then out of others, soonest expiring first.

    What is missing becomes a debt that whatever comes next repays; nothing is forgiven because it was spent, and
    points that others hold are left to them. Raises PointTransactionUnknown, MoreThanGranted, PointReferenceUsed.
    """
    if points <= 0:
        raise ValueError("only positive points are taken back")
    granted = PointTransaction.objects.filter(reference=of, kind=Kind.GRANT).first()
    if granted is None:
        raise PointTransactionUnknown
    open_account(member_id=granted.member_id, now=now)
    posting = Posting(
        reference=reference,
        member_id=granted.member_id,
        kind=Kind.CLAW_BACK,
        source=granted.source,
        points=-points,
        now=now,
        reverses_id=granted.pk,
    )
    before = stored(posting)
    if before is not None:
        return before
    _check_left(granted, points)
    missing = _out_of_its_own_lot(posting, granted, points)
    own = {lot_id for lot_id, _bucket in posting.legs if lot_id is not None}
    for share in take(member_id=granted.member_id, points=missing, now=now, besides=own):
        posting.move(share.lot_id, Bucket.AVAILABLE, Bucket.CLAWED_BACK, share.points)
        missing -= share.points
    if missing:
        posting.move(None, Bucket.DEBT, Bucket.CLAWED_BACK, missing)
        posting.trace = {"debt": missing}
    return book(posting)


def _check_left(granted: PointTransaction, points: int) -> None:
    left = kept_of(granted)
    if points > left:
        raise MoreThanGranted(left=left)


def _out_of_its_own_lot(posting: Posting, granted: PointTransaction, points: int) -> int:
    """Take what is free there; returns what is missing."""
    lots = PointEntry.objects.filter(transaction=granted, bucket=Bucket.ISSUED).values("lot_id")
    for lot in PointLot.objects.filter(pk__in=lots):
        share = min(points, lot.remaining - lot.held)
        if share:
            posting.move(lot.pk, Bucket.AVAILABLE if lot.is_mature else Bucket.PENDING, Bucket.CLAWED_BACK, share)
        points -= share
    return points
