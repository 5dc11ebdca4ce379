"""The clock ends what is not claimed; this puts it back among the prizes and tells winners, before that and after."""

from datetime import datetime, timedelta

from promotions.lottery.models import Win, WinStatus
from promotions.lottery.notices import tell_expired, tell_expiring
from promotions.lottery.preferences import REMIND_DAYS
from promotions.lottery.services.keeping import let_go
from promotions.lottery.services.prizes import put_back
from shop.core.transactions import use_case

BATCH = 500


def expire_wins(*, now: datetime, batches: int = 100) -> int:
    """Nothing depends on it being in time but the stock: whoever orders looks at the clock. Returns how many."""
    expired = 0
    for _ in range(batches):
        count = _expire_batch(now=now)
        expired += count
        if count < BATCH:
            break
    return expired


def remind_winners(*, now: datetime, batches: int = 100) -> int:
    """Tell winners, once for each prize, what they lose soon; returns of how many prizes."""
    days = REMIND_DAYS.value()
    if not days:
        return 0
    reminded = 0
    for _ in range(batches):
        count = _remind_batch(before=now + timedelta(days=days), now=now)
        reminded += count
        if count < BATCH:
            break
    return reminded


@use_case
def _expire_batch(*, now: datetime) -> int:
    due = Win.objects.filter(status=WinStatus.WAITING, due_at__lte=now).order_by("pk")
    named = due.select_related("draw__lottery", "prize")
    rows = list(named.select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    Win.objects.filter(pk__in=[each.pk for each in rows]).update(status=WinStatus.EXPIRED)
    # In the order in which draws lock: lotteries, then prizes.
    for win in sorted(rows, key=lambda each: (each.draw.lottery_id, each.prize_id)):
        put_back(win)
    let_go(rows)
    for win in rows:
        tell_expired(win, now=now)
    return len(rows)


@use_case
def _remind_batch(*, before: datetime, now: datetime) -> int:
    due = Win.objects.filter(status=WinStatus.WAITING, due_at__gt=now, due_at__lte=before, reminded_at=None)
    rows = due.select_related("draw__lottery", "prize").order_by("pk")
    found = list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    for win in found:
        tell_expiring(win, now=now)
    Win.objects.filter(pk__in=[each.pk for each in found]).update(reminded_at=now)
    return len(found)
