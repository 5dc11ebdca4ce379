"""Commission is settled once the goods can no longer come back, and can be withdrawn some days after that."""

from collections.abc import Callable
from datetime import datetime, timedelta

from promotions.distribution.ledger import Move, book
from promotions.distribution.locks import lock_sale
from promotions.distribution.models import EntryKind, Sale, Stage
from promotions.distribution.notices import tell_released
from promotions.distribution.preferences import RELEASE_DAYS
from promotions.distribution.services.selling import points_earned, worth_by_beneficiary
from shop.core.transactions import use_case

BATCH = 500
# How long an order waits whose goods are just coming back, before it is looked at again.
LATER = timedelta(hours=12)


def complete_sale(*, order_number: str, settles_at: datetime) -> None:
    """The buyer has the goods: from when on they cannot come back. The first word holds.

    Inside the caller's transaction, which holds the order.
    """
    Sale.objects.filter(order_number=order_number, settles_at=None).update(
        settles_at=settles_at, points=points_earned(order_number)
    )


def settle_due(*, is_coming_back: Callable[[str], bool], now: datetime) -> dict[str, int]:
    """Settle what is due; an order of which something is just coming back waits until that has ended."""
    effect = {"succeeded": 0, "deferred": 0}
    due = Sale.objects.filter(stage=Stage.FROZEN, settles_at__lte=now).order_by("settles_at")
    for number in list(due.values_list("order_number", flat=True)[:BATCH]):
        if is_coming_back(number):
            Sale.objects.filter(order_number=number, stage=Stage.FROZEN).update(settles_at=now + LATER)
            effect["deferred"] += 1
        else:
            effect["succeeded"] += settle(order_number=number, now=now)
    return effect


@use_case
def settle(*, order_number: str, now: datetime) -> bool:
    """Returns whether it was settled by this call."""
    sale = lock_sale(order_number=order_number)
    if sale is None or sale.stage != Stage.FROZEN or sale.settles_at is None or sale.settles_at > now:
        return False
    sale.stage, sale.settled_at, sale.points = Stage.SETTLED, now, points_earned(order_number)
    sale.save(update_fields=["stage", "settled_at", "points"])
    _move(sale, EntryKind.SETTLED, now)
    return True


def release_due(*, now: datetime) -> int:
    """What was settled long enough ago can be withdrawn, but for what is held; returns how many orders."""
    since = now - timedelta(days=RELEASE_DAYS.value())
    due = Sale.objects.filter(stage=Stage.SETTLED, review=Sale.Review.CLEAR, settled_at__lte=since)
    numbers = list(due.order_by("settled_at").values_list("order_number", flat=True)[:BATCH])
    return sum(release(order_number=number, now=now) for number in numbers)


@use_case
def release(*, order_number: str, now: datetime) -> bool:
    """Returns whether it was released by this call."""
    sale = lock_sale(order_number=order_number)
    if sale is None or sale.stage != Stage.SETTLED or sale.review != Sale.Review.CLEAR:
        return False
    sale.stage, sale.released_at = Stage.RELEASED, now
    sale.save(update_fields=["stage", "released_at"])
    for move in _move(sale, EntryKind.RELEASED, now):
        tell_released(sale, distributor_id=move.distributor_id, amount_fen=move.amount_fen, now=now)
    return True


def _move(sale: Sale, kind: EntryKind, now: datetime) -> list[Move]:
    # With the beneficiary in the reference, so that those of two accounts that become one stay apart.
    moves = [
        Move(distributor_id, kind, fen, f"order:{sale.order_number}:{distributor_id}", sale.pk)
        for distributor_id, fen in worth_by_beneficiary(sale).items()
        if fen
    ]
    book(moves, now=now)
    return moves
