"""Which lots give, and what happens to points that come back to theirs."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from points.ledger.models import PointEntry, PointGrace, PointLot, PointTransaction
from points.ledger.posting import Bucket, NewLot, Posting
from points.ledger.preferences import GRACE_DAYS
from shop.core.clock import business_day, day_bounds
from shop.core.prepared import Prepared

_FREE = Prepared(
    "free_point_lots",
    """
SELECT id, remaining - held AS free FROM ledger_pointlot
WHERE member_id = %s AND remaining > held AND is_mature AND (expires_at IS NULL OR expires_at > %s)
ORDER BY expires_at, id LIMIT %s OFFSET %s
""",
)
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Share:
    """Points of one lot."""

    lot_id: int
    points: int


def take(*, member_id: int, points: int, now: datetime, besides: Collection[int] = ()) -> Iterator[Share]:
    """Lots of a locked account that give so many points, soonest expiring first, those that never expire last.

    Fewer where there are not enough; what has expired by the clock gives nothing, booked or not. Lots in `besides`
    have given already.
    """
    offset = 0
    while points:
        rows = _FREE.run([member_id, now, _AT_ONCE, offset])
        for lot_id, free in rows:
            if lot_id in besides:
                continue
            share = min(points, free)
            points -= share
            yield Share(lot_id, share)
            if not points:
                return
        if len(rows) < _AT_ONCE:
            return
        offset += _AT_ONCE


def shares_of(transaction: PointTransaction, bucket: str) -> list[Share]:
    """Which lots a transaction moved into a bucket, in the order in which they were taken, and how much of each."""
    rows = PointEntry.objects.filter(transaction=transaction, bucket=bucket, amount__gt=0, lot__isnull=False)
    return [Share(lot_id, amount) for lot_id, amount in rows.order_by("pk").values_list("lot_id", "amount")]


def give_back(posting: Posting, shares: list[Share], *, out_of: str) -> None:
    """Points come back to their lots, out of a bucket; those of a lot that has expired get a grace, or expire now.

    The trace says how many expired, and how many went into a debt.
    """
    owed = posting.debt
    lots = PointLot.objects.in_bulk([share.lot_id for share in shares])
    for share in shares:
        lot = lots[share.lot_id]
        if lot.expires_at is None or lot.expires_at > posting.now:
            posting.move(lot.pk, out_of, Bucket.AVAILABLE, share.points)
            posting.expiries += [lot.expires_at] if lot.expires_at else []
            continue
        until = _grace_of(lot, now=posting.now)
        if until is None:
            posting.move(lot.pk, out_of, Bucket.EXPIRED, share.points)
            continue
        _into_grace(posting, lot, share.points, until=until, out_of=out_of)
    told = {"expired": posting.total(Bucket.EXPIRED), "debt_repaid": owed - posting.debt}
    posting.trace = {what: points for what, points in told.items() if points} or None


def _into_grace(posting: Posting, lot: PointLot, points: int, *, until: datetime, out_of: str) -> None:
    """The points leave their lot for one of the same line that lives until then."""
    child = posting.open_lot(
        NewLot(
            points=points,
            source=lot.source,
            earned_at=lot.earned_at,
            expires_at=until,
            rule_version_id=lot.rule_version_id,
            parent_id=lot.pk,
            root_id=lot.root_id or lot.pk,
        )
    )
    posting.transplant(lot.pk, child, out_of, points)


def _grace_of(lot: PointLot, *, now: datetime) -> datetime | None:
    """Until when points of this line live after all: a line has one grace, which its first return sets."""
    root_id = lot.root_id or lot.pk
    grace = PointGrace.objects.filter(pk=root_id).first()
    if grace is None:
        days = GRACE_DAYS.value()
        if not days:
            return None
        until = day_bounds(business_day(now) + timedelta(days=days))[1]
        PointGrace.objects.bulk_create(
            [PointGrace(root_id=root_id, until=until, created_at=now)], ignore_conflicts=True
        )
        grace = PointGrace.objects.get(pk=root_id)
    return grace.until if grace.until > now else None
