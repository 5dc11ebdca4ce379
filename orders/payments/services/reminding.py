"""Members whose deposit is paid hear when the balance can be paid, and again on its last day."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from orders.checkout.locks import lock_unlocked_order
from orders.checkout.models import Deposit, DepositStatus
from orders.payments.notices import tell_balance_due
from shop.core.transactions import use_case

LAST_DAY = timedelta(days=1)
_OPEN = Q(status=DepositStatus.PAID)
_UNTOLD = Q(reminded_at=None)
# Where the window is no longer than a day, its opening is all there is to tell.
_TOLD_BEFORE_LAST_DAY = Q(reminded_at__lt=F("balance_until") - LAST_DAY)


def remind_of_balances(*, now: datetime, limit: int = 500) -> int:
    """Tell everybody whose window has opened or is in its last day, each turn once; returns how many were told."""
    last_day = _TOLD_BEFORE_LAST_DAY & Q(balance_until__lte=now + LAST_DAY)
    due = Deposit.objects.filter(_OPEN, _UNTOLD | last_day, balance_from__lte=now, balance_until__gt=now)
    numbers = due.order_by("balance_until").values_list("order__number", flat=True)[:limit]
    return sum(_remind(number=number, now=now) for number in numbers)


@use_case
def _remind(*, number: str, now: datetime) -> bool:
    order = lock_unlocked_order(number=number)
    if order is None:
        return False
    is_last_day = now >= order.deposit.balance_until - LAST_DAY
    turn = _TOLD_BEFORE_LAST_DAY | _UNTOLD if is_last_day else _UNTOLD
    if not Deposit.objects.filter(_OPEN, turn, order=order).update(reminded_at=now):
        return False
    tell_balance_due(deposit=order.deposit, is_last_day=is_last_day, now=now)
    return True
