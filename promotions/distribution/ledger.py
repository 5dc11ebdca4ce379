"""Every move of commission money, in one place.

Always: an account is the sum of its entries, bucket by bucket; what moves out of a bucket was in it, but for money that
is taken back, or paid by a withdrawal that had ended, after it could be withdrawn: that is owed, and what is earned
next repays it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promotions.distribution.locks import lock_accounts
from promotions.distribution.models import Bucket, CommissionAccount, CommissionEntry, EntryKind
from shop.core.actors import Actor

_WAYS: dict[str, tuple[Bucket, Bucket]] = {
    EntryKind.EARNED: (Bucket.SHOP, Bucket.FROZEN),
    EntryKind.SETTLED: (Bucket.FROZEN, Bucket.SETTLED),
    EntryKind.RELEASED: (Bucket.SETTLED, Bucket.AVAILABLE),
    EntryKind.RESERVED: (Bucket.AVAILABLE, Bucket.RESERVED),
    EntryKind.RETURNED: (Bucket.RESERVED, Bucket.AVAILABLE),
    EntryKind.PAID: (Bucket.RESERVED, Bucket.PAID),
    EntryKind.PAID_LATE: (Bucket.AVAILABLE, Bucket.PAID),
    EntryKind.AWARDED: (Bucket.SHOP, Bucket.AVAILABLE),
    EntryKind.RESCINDED: (Bucket.AVAILABLE, Bucket.SHOP),
}


@dataclass(frozen=True)
class Move:
    """`place` is told where it does not follow from the kind: what is taken back comes from where it lies, and what is
    given again goes there.
    """

    distributor_id: int
    kind: EntryKind
    amount_fen: int
    reference: str
    sale_id: int | None = None
    place: Bucket | None = None
    actor: Actor | None = None

    @property
    def way(self) -> tuple[Bucket, Bucket]:
        if self.place is None:
            return _WAYS[self.kind]
        return (Bucket.SHOP, self.place) if self.kind == EntryKind.RESTORED else (self.place, Bucket.SHOP)


def book(moves: Sequence[Move], *, now: datetime) -> list[CommissionEntry]:
    """Make these moves, inside the caller's transaction; those of nothing are left out.

    Accounts are locked by key. A reference that was booked before for the same kind is an IntegrityError: callers
    know what they have done by rows of their own.
    """
    moves = [move for move in moves if move.amount_fen]
    accounts = lock_accounts(move.distributor_id for move in moves)
    entries = [_apply(accounts[move.distributor_id], move, now) for move in moves]
    for account in accounts.values():
        account.save()
    return CommissionEntry.objects.bulk_create(entries)


def _apply(account: CommissionAccount, move: Move, now: datetime) -> CommissionEntry:
    origin, destination = move.way
    _add(account, origin, -move.amount_fen)
    _add(account, destination, move.amount_fen)
    return CommissionEntry(
        account=account,
        kind=move.kind,
        origin=origin,
        destination=destination,
        amount_fen=move.amount_fen,
        available_after_fen=account.available_fen,
        reference=move.reference,
        sale_id=move.sale_id,
        actor=str(move.actor or "")[:80],
        happened_at=now,
    )


def _add(account: CommissionAccount, bucket: Bucket, fen: int) -> None:
    if bucket != Bucket.SHOP:
        column = f"{bucket}_fen"
        setattr(account, column, getattr(account, column) + fen)
