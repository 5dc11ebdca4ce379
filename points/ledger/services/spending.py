"""Points go for something, and come back when that is undone. Building blocks, inside the caller's transaction.

A reference is booked once: repeating a call returns what is stored, another content is refused.
"""

from datetime import datetime

from points.ledger.errors import InsufficientPoints, MoreThanSpent, PointTransactionUnknown
from points.ledger.lots import Share, give_back, shares_of, take
from points.ledger.models import PointEntry, PointTransaction
from points.ledger.posting import Bucket, Kind, Posting, book, stored
from points.ledger.settling import open_account


def spend(
    *, reference: str, member_id: int, points: int, source: str, now: datetime, note: str = ""
) -> PointTransaction:
    """Spend points that are available now, soonest expiring first. Raises InsufficientPoints, PointReferenceUsed."""
    posting = Posting(
        reference=reference,
        member_id=member_id,
        kind=Kind.SPEND,
        source=source,
        points=-points,
        now=now,
        note=note,
        is_activity=True,
    )
    return book_out_of_available(posting, target=Bucket.SPENT)


def book_out_of_available(posting: Posting, *, target: str) -> PointTransaction:
    """Move what the posting takes from the member out of the available lots. Raises as `spend` does."""
    wanted = -posting.points
    if wanted <= 0:
        raise ValueError("only positive points are taken")
    account = open_account(member_id=posting.member_id, now=posting.now)
    if account.available < wanted:
        before = stored(posting)
        if before is None:
            raise InsufficientPoints(available=account.available, wanted=wanted)
        return before
    for share in take(member_id=posting.member_id, points=wanted, now=posting.now):
        posting.move(share.lot_id, Bucket.AVAILABLE, target, share.points)
    return book(posting)


def reverse(*, of: str, reference: str, points: int, now: datetime) -> PointTransaction:
    """Give back so many points of a spend or a capture, to the lots they came from, the last one taken first.

    What has expired meanwhile expires again at once, or gets the one grace of its line, as the shop's setting says.
    A debt is repaid first. Raises PointTransactionUnknown, MoreThanSpent, PointReferenceUsed.
    """
    if points <= 0:
        raise ValueError("only positive points are given back")
    spent = PointTransaction.objects.filter(reference=of, kind__in=[Kind.SPEND, Kind.CAPTURE]).first()
    if spent is None:
        raise PointTransactionUnknown
    account = open_account(member_id=spent.member_id, now=now)
    posting = Posting(
        reference=reference,
        member_id=spent.member_id,
        kind=Kind.REVERSE,
        source=spent.source,
        points=points,
        now=now,
        debt=account.debt,
        reverses_id=spent.pk,
    )
    before = stored(posting)
    if before is not None:
        return before
    give_back(posting, _last_taken_first(spent, points), out_of=Bucket.SPENT)
    return book(posting)


def _last_taken_first(spent: PointTransaction, points: int) -> list[Share]:
    """What is still to be given back, from the end. Raises MoreThanSpent."""
    returned: dict[int, int] = {}
    legs = PointEntry.objects.filter(transaction__reverses=spent, transaction__kind=Kind.REVERSE, bucket=Bucket.SPENT)
    for lot_id, amount in legs.values_list("lot_id", "amount"):
        returned[lot_id] = returned.get(lot_id, 0) - amount
    left = [Share(each.lot_id, each.points - returned.get(each.lot_id, 0)) for each in shares_of(spent, Bucket.SPENT)]
    if sum(each.points for each in left) < points:
        raise MoreThanSpent(left=sum(each.points for each in left))
    shares = []
    for each in reversed(left):
        share = min(each.points, points)
        points -= share
        if share:
            shares.append(Share(each.lot_id, share))
    return shares
