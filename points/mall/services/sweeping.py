"""The clock ends bookings and vouchers; this writes down what it did, and tells members before it does.

Nothing depends on it being in time: whoever uses a voucher looks at the clock.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from points.mall.models import Reward, Voucher, VoucherStatus
from points.mall.notices import tell_expiring, tell_missed, tell_soon
from points.mall.preferences import COME_LATE_MINUTES, REMIND_HOURS
from points.mall.services.slots import leave_slot
from shop.core.transactions import use_case

BATCH = 500


def note_no_shows(*, now: datetime, batches: int = 100) -> int:
    """Who has not come by the end of a booked time is dealt with as the reward says; returns how many have not."""
    return _all(_miss_batch, now, batches)


def expire_vouchers(*, now: datetime, batches: int = 100) -> int:
    """Returns how many expired."""
    return _all(_expire_batch, now, batches)


def remind_members(*, now: datetime, batches: int = 100) -> int:
    """Of what they have booked and of what expires, once each; returns how many vouchers they were told of."""
    return _all(_remind_batch, now, batches) if REMIND_HOURS.value() else 0


def _all(one_batch: Callable[..., int], now: datetime, batches: int) -> int:
    done = 0
    for _ in range(batches):
        count = one_batch(now=now)
        done += count
        if count < BATCH:
            break
    return done


@use_case
def _miss_batch(*, now: datetime) -> int:
    over = now - timedelta(minutes=COME_LATE_MINUTES.value())
    due = Voucher.objects.filter(status=VoucherStatus.READY, slot__ends_at__lte=over).order_by("slot", "pk")
    rows = list(
        due.select_related("reward", "slot").select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH]
    )
    for voucher in rows:
        slot = voucher.slot
        assert slot is not None
        voucher.no_shows += 1
        if voucher.reward.no_show == Reward.NoShow.REBOOK:
            leave_slot(slot_id=slot.pk, places=1)
            voucher.slot, voucher.reminded_at = None, None
        else:
            voucher.status = VoucherStatus.NO_SHOW
        voucher.save(update_fields=["no_shows", "slot", "status", "reminded_at"])
        tell_missed(voucher, starts_at=slot.starts_at, now=now)
    return len(rows)


@use_case
def _expire_batch(*, now: datetime) -> int:
    """What is booked is first dealt with as such."""
    due = Voucher.objects.filter(status=VoucherStatus.READY, valid_until__lte=now, slot=None).order_by("pk")
    keys = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:BATCH])
    return Voucher.objects.filter(pk__in=keys).update(status=VoucherStatus.EXPIRED)


@use_case
def _remind_batch(*, now: datetime) -> int:
    soon = now + timedelta(hours=REMIND_HOURS.value())
    near = Q(slot__starts_at__gt=now, slot__starts_at__lte=soon)
    ends = Q(slot=None, valid_until__gt=now, valid_until__lte=soon)
    due = Voucher.objects.filter(near | ends, status=VoucherStatus.READY, reminded_at=None).order_by("pk")
    rows = list(
        due.select_related("reward", "slot").select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH]
    )
    for voucher in rows:
        (tell_soon if voucher.slot is not None else tell_expiring)(voucher, now=now)
    Voucher.objects.filter(pk__in=[each.pk for each in rows]).update(reminded_at=now)
    return len(rows)
