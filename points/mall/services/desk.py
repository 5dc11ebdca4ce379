"""What staff do for a member whose voucher ran out, or who could not come."""

from datetime import datetime, timedelta

from points.mall.errors import VoucherNotFound, VoucherNotUsable
from points.mall.models import Reward, Voucher, VoucherStatus
from points.mall.services.slots import leave_slot
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import use_case

EXTENDABLE = (VoucherStatus.READY, VoucherStatus.EXPIRED)


@use_case
def extend_voucher(*, voucher_id: int, days: int, now: datetime) -> Voucher:
    """Good until the end of the day that is so many days from now, and no shorter than it was; what has expired can be
    used again.

    Raises VoucherNotFound, VoucherNotUsable for codes, whose end is not the shop's, and for what is used or given back.
    """
    voucher = _locked(voucher_id)
    if voucher.status not in EXTENDABLE or voucher.reward.kind != Reward.Kind.SERVICE:
        raise VoucherNotUsable(state=voucher.get_status_display())
    until = day_bounds(business_day(now + timedelta(days=days)))[1]
    voucher.valid_until = max(until, voucher.valid_until or until)
    voucher.status, voucher.reminded_at = VoucherStatus.READY, None
    voucher.save(update_fields=["valid_until", "status", "reminded_at"])
    return voucher


@use_case
def forgive_no_show(*, voucher_id: int) -> Voucher:
    """Who did not come may book again. Raises VoucherNotFound, VoucherNotUsable unless that is what happened."""
    voucher = _locked(voucher_id)
    if voucher.status != VoucherStatus.NO_SHOW:
        raise VoucherNotUsable(state=voucher.get_status_display())
    if voucher.slot_id is not None:
        leave_slot(slot_id=voucher.slot_id, places=1)
    voucher.status, voucher.slot = VoucherStatus.READY, None
    voucher.save(update_fields=["status", "slot"])
    return voucher


def _locked(voucher_id: int) -> Voucher:
    rows = Voucher.objects.filter(pk=voucher_id).select_related("reward")
    voucher = rows.select_for_update(no_key=True, of=("self",)).first()
    if voucher is None:
        raise VoucherNotFound
    return voucher
