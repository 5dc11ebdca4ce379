"""What a member does with a prize: goods are ordered, codes are looked at.

All but the code are building blocks inside the transaction of an order whose row the caller holds, and repeatable.
"""

from datetime import datetime, timedelta

from promotions.lottery.codes import unseal
from promotions.lottery.errors import PrizeExpired, PrizeHasNoCode, PrizeNotFound, PrizeOrderedAlready
from promotions.lottery.models import PrizeCode, Win, WinStatus
from promotions.lottery.notices import tell_waiting_again
from promotions.lottery.services.keeping import hand_over, keep_again
from promotions.lottery.services.prizes import put_back
from shop.core.transactions import use_case

# After an order that did not come about nobody finds the prize expired already.
LEFT_AT_LEAST = timedelta(days=1)


def claim_prize(*, draw_id: int, member_id: int, order_number: str, now: datetime) -> None:
    """The order takes the prize. Raises PrizeNotFound, PrizeExpired, PrizeOrderedAlready."""
    mine = Win.objects.filter(pk=draw_id, draw__member=member_id)
    check_claimable(mine.first(), now=now)
    # Of its own columns alone: what an update joins is not looked at again when another has changed the row meanwhile.
    waiting = Win.objects.filter(pk=draw_id, status=WinStatus.WAITING, due_at__gt=now)
    if not waiting.update(status=WinStatus.ORDERED, order_number=order_number):
        raise PrizeOrderedAlready
    hand_over(draw_id)


def confirm_prize(*, order_number: str) -> None:
    """The order is paid, be it with nothing: the prize is claimed."""
    Win.objects.filter(order_number=order_number, status=WinStatus.ORDERED).update(status=WinStatus.CLAIMED)


def release_prize(*, order_number: str, now: datetime) -> None:
    """The order does not come about: the prize waits again, for a day at least."""
    ordered = Win.objects.filter(order_number=order_number, status=WinStatus.ORDERED)
    win = ordered.select_related("prize").select_for_update(no_key=True, of=("self",)).first()
    if win is not None:
        _wait_again(win, now=now)


def take_prize_back(*, order_number: str, was_sent: bool, now: datetime) -> None:
    """All of the paid order was given back. What its winner never got waits for them again; what was sent and came
    back is among the prizes again, and the budget has its cost.
    """
    claimed = Win.objects.filter(order_number=order_number, status=WinStatus.CLAIMED)
    win = claimed.select_related("draw__lottery", "prize").select_for_update(no_key=True, of=("self",)).first()
    if win is None:
        return
    if was_sent:
        claimed.update(status=WinStatus.RETURNED)
        put_back(win)
    else:
        _wait_again(win, now=now)
        tell_waiting_again(win, order_number=order_number, now=now)


def check_claimable(win: Win | None, *, now: datetime) -> None:
    """Raises PrizeNotFound, PrizeExpired, PrizeOrderedAlready."""
    if win is None or win.status == WinStatus.DELIVERED:
        raise PrizeNotFound
    if win.order_number:
        raise PrizeOrderedAlready
    if win.status == WinStatus.EXPIRED or win.due_at is None or win.due_at <= now:
        raise PrizeExpired


def _wait_again(win: Win, *, now: datetime) -> None:
    """The locked prize, kept again for as long as it waits."""
    assert win.due_at is not None
    win.status, win.order_number, win.due_at = WinStatus.WAITING, "", max(win.due_at, now + LEFT_AT_LEAST)
    win.save(update_fields=["status", "order_number", "due_at"])
    keep_again(win)


@use_case
def reveal_code(*, draw_id: int, member_id: int, now: datetime) -> str:
    """The code that the member has won; when it was first seen is kept. Raises PrizeNotFound, PrizeHasNoCode."""
    win = Win.objects.filter(pk=draw_id, draw__member=member_id).first()
    if win is None:
        raise PrizeNotFound
    code = PrizeCode.objects.filter(win=win).first()
    if code is None:
        raise PrizeHasNoCode
    PrizeCode.objects.filter(pk=code.pk, revealed_at=None).update(revealed_at=now)
    return unseal(code.sealed)
