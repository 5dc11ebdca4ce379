"""Points that one member has set aside for another go over. A building block, inside the caller's transaction."""

from datetime import datetime

from points.ledger.errors import PointReferenceUsed
from points.ledger.models import PointLot, PointTransaction
from points.ledger.posting import Bucket, Kind, NewLot, Posting, book, stored
from points.ledger.services.holding import ending, held_by, open_shares
from points.ledger.settling import open_accounts


def transfer(*, hold_reference: str, reference: str, to_member_id: int, now: datetime) -> PointTransaction:
    """Move what a hold holds to another member; returns what left the giver. The other side is `<reference>:in`.

    Each lot goes on as a lot of the receiver with the expiry it had: what has expired meanwhile arrives and expires.
    A debt of the receiver is repaid first. Both accounts are locked in order, so that a caller who holds one of them
    already must hold both. Raises PointTransactionUnknown, HoldEnded, PointReferenceUsed.
    """
    held = held_by(hold_reference)
    if held.member_id == to_member_id:
        raise ValueError("points go to somebody else")
    accounts = open_accounts(member_ids=[held.member_id, to_member_id], now=now)
    leaving = ending(held, kind=Kind.TRANSFER_OUT, reference=reference, points=held.points, now=now)
    before = stored(leaving)
    if before is not None:
        _check_receiver(before, to_member_id)
        return before
    arriving = Posting(
        reference=f"{reference}:in",
        member_id=to_member_id,
        kind=Kind.TRANSFER_IN,
        source=held.source,
        points=-held.points,
        now=now,
        debt=accounts[to_member_id].debt,
    )
    shares = open_shares(held)
    lots = PointLot.objects.select_related("expiry").in_bulk([share.lot_id for share in shares])
    for share in shares:
        leaving.move(share.lot_id, Bucket.HELD, Bucket.TRANSFERRED, share.points)
        key = arriving.open_lot(_lot_of_the_receiver(lots[share.lot_id], share.points))
        target = Bucket.EXPIRED if _is_over(lots[share.lot_id], now) else Bucket.AVAILABLE
        arriving.move(key, Bucket.TRANSFERRED, target, share.points)
    if expired := arriving.total(Bucket.EXPIRED):
        arriving.trace = {"expired": expired}
    left = book(leaving)
    arriving.reverses_id = left.pk
    book(arriving)
    return left


def _lot_of_the_receiver(lot: PointLot, points: int) -> NewLot:
    return NewLot(
        points=points,
        source="transfer",
        earned_at=lot.earned_at,
        expires_at=lot.expires_at,
        expiry_id=lot.expiry_id,
        by_inactivity=lot.expiry is not None and lot.expiry.kind == "inactivity",
        rule_version_id=lot.rule_version_id,
        parent_id=lot.pk,
        root_id=lot.root_id or lot.pk,
    )


def _is_over(lot: PointLot, now: datetime) -> bool:
    return lot.expires_at is not None and lot.expires_at <= now


def _check_receiver(left: PointTransaction, to_member_id: int) -> None:
    """The same reference to somebody else is another content."""
    if not left.reversals.filter(kind=Kind.TRANSFER_IN, member_id=to_member_id).exists():
        raise PointReferenceUsed
