"""A member leaves, and the points with them. A building block, inside the caller's transaction."""

from datetime import datetime

from django.db.models import F

from points.ledger.models import ManualGrant, PointLot
from points.ledger.posting import Bucket, Kind, Posting, book
from points.ledger.settling import open_account


def void_points(*, member_id: int, now: datetime) -> int:
    """Make void all that is available or pending; returns how many points.

    What is held ends with its hold, a debt stays as what the shop has lost, and what waits for approval is declined.
    """
    open_account(member_id=member_id, now=now)
    waiting = ManualGrant.objects.filter(member_id=member_id, status=ManualGrant.Status.WAITING)
    waiting.update(status=ManualGrant.Status.DECLINED, decided_by="system:leaving", decided_at=now)
    free = PointLot.objects.filter(member_id=member_id, remaining__gt=F("held")).order_by("pk")
    lots = [(lot.pk, lot.is_mature, lot.remaining - lot.held) for lot in free]
    points = sum(left for _pk, _mature, left in lots)
    if not points:
        return 0
    posting = Posting(
        reference=f"void:{member_id}:{now.isoformat()}",
        member_id=member_id,
        kind=Kind.VOID,
        source="leaving",
        points=-points,
        now=now,
    )
    for lot_id, is_mature, left in lots:
        posting.move(lot_id, Bucket.AVAILABLE if is_mature else Bucket.PENDING, Bucket.VOIDED, left)
    book(posting)
    return points
