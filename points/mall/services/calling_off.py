"""The shop cannot keep a time that members have booked: they choose another one."""

from datetime import datetime, timedelta

from django.db.models import F

from points.mall.models import Redemption, RedemptionStatus, Slot, Voucher, VoucherStatus
from points.mall.notices import tell_called_off
from shop.core.transactions import use_case

# What is left of a voucher at least, to choose another time in.
GRACE = timedelta(days=14)


def call_off_slot(*, slot_id: int, reason: str, now: datetime) -> int:
    """Nobody books it any more, and vouchers that were booked for it are so no longer. Returns how many.

    Once it is closed nobody is on the way into it any more; called again, this ends what was begun.
    """
    _close(slot_id)
    return _set_free(slot_id, reason, now)


@use_case
def _close(slot_id: int) -> None:
    slot = Slot.objects.select_for_update(no_key=True).get(pk=slot_id)
    slot.is_closed = True
    slot.save(update_fields=["is_closed"])


@use_case
def _set_free(slot_id: int, reason: str, now: datetime) -> int:
    """Orders that are unpaid or just being given, and vouchers; used ones and those of who did not come stay."""
    on_the_way = Redemption.objects.filter(slot=slot_id, status__in=[RedemptionStatus.HELD, RedemptionStatus.PAID])
    orders = list(on_the_way.order_by("pk").select_for_update(no_key=True))
    Redemption.objects.filter(pk__in=[each.pk for each in orders]).update(slot=None)
    booked = Voucher.objects.filter(slot=slot_id, status__in=[VoucherStatus.READY, VoucherStatus.FROZEN])
    vouchers = list(booked.select_related("reward", "slot").order_by("pk").select_for_update(no_key=True, of=("self",)))
    for voucher in vouchers:
        assert voucher.slot is not None
        starts_at, voucher.slot, voucher.reminded_at = voucher.slot.starts_at, None, None
        if voucher.valid_until is not None:
            voucher.valid_until = max(voucher.valid_until, now + GRACE)
        voucher.save(update_fields=["slot", "reminded_at", "valid_until"])
        tell_called_off(voucher, slot_id=slot_id, starts_at=starts_at, reason=reason, now=now)
    places = len(vouchers) + sum(each.units - each.units_back for each in orders)
    Slot.objects.filter(pk=slot_id).update(booked=F("booked") - places)
    return len(vouchers)
