"""What members and stores do with vouchers: book, move, cancel, look at a code, use."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime

from points.mall.errors import (
    NothingToBook,
    SlotNotFound,
    TooLateToCancel,
    TooLateToMove,
    VoucherHasNoCode,
    VoucherNotBooked,
    VoucherNotFound,
    VoucherNotThisDay,
    VoucherNotUsable,
)
from points.mall.models import CodeReveal, Reward, RewardCode, Voucher, VoucherStatus
from points.mall.preferences import COME_EARLY_MINUTES, COME_LATE_MINUTES
from points.mall.sealing import BOX, shown_hash
from points.mall.services.slots import leave_slot, take_slot
from shop.core.actors import Actor
from shop.core.transactions import use_case


@use_case
def book(*, voucher_id: int, member_id: int, slot_id: int, now: datetime) -> Voucher:
    """Book a time, or move the one that is booked. Booked for this very time already, it stays so.

    Raises VoucherNotFound, VoucherNotUsable, NothingToBook, SlotNotFound, SlotTaken, TooLateToMove.
    """
    voucher = _mine(voucher_id, member_id)
    _check_usable(voucher, now)
    if voucher.reward.resource_id is None:
        raise NothingToBook
    if voucher.slot_id == slot_id:
        return voucher
    if voucher.slot is not None:
        hours = voucher.reward.reschedule_hours
        if now > voucher.slot.starts_at - timedelta(hours=hours):
            raise TooLateToMove(hours=hours)
    # In the order of their keys, as all who move between the same two do.
    wanted, left = slot_id, voucher.slot_id
    if left is not None and left < wanted:
        leave_slot(slot_id=left, places=1)
    slot = take_slot(reward=voucher.reward, slot_id=wanted, places=1, now=now)
    if voucher.valid_until is not None and slot.starts_at >= voucher.valid_until:
        raise SlotNotFound
    if left is not None and left > wanted:
        leave_slot(slot_id=left, places=1)
    voucher.slot, voucher.reminded_at = slot, None
    voucher.save(update_fields=["slot", "reminded_at"])
    return voucher


@use_case
def cancel_booking(*, voucher_id: int, member_id: int, now: datetime) -> Voucher:
    """Leave the time that is booked; the voucher stays. Without a booking it stays as it is.

    Raises VoucherNotFound, VoucherNotUsable, TooLateToCancel.
    """
    voucher = _mine(voucher_id, member_id)
    _check_usable(voucher, now)
    if voucher.slot is None:
        return voucher
    hours = voucher.reward.cancel_hours
    if now > voucher.slot.starts_at - timedelta(hours=hours):
        raise TooLateToCancel(hours=hours)
    leave_slot(slot_id=voucher.slot.pk, places=1)
    voucher.slot = None
    voucher.save(update_fields=["slot"])
    return voucher


@use_case
def reveal(*, voucher_id: int, member_id: int, actor: Actor, address: str | None, now: datetime) -> str:
    """The code of the voucher; from the first look on it is not taken back any more. Each look is written down.

    Raises VoucherNotFound, VoucherHasNoCode, VoucherNotUsable while money back is asked for, or after it.
    """
    voucher = _mine(voucher_id, member_id)
    code = RewardCode.objects.filter(voucher=voucher).first()
    if voucher.reward.kind != Reward.Kind.CODE:
        raise VoucherHasNoCode
    if code is None or voucher.status not in (VoucherStatus.READY, VoucherStatus.REVEALED):
        raise VoucherNotUsable(state=voucher.get_status_display())
    if voucher.status == VoucherStatus.READY:
        voucher.status, voucher.revealed_at = VoucherStatus.REVEALED, now
        voucher.save(update_fields=["status", "revealed_at"])
    CodeReveal.objects.create(voucher=voucher, actor=str(actor)[:80], address=address, revealed_at=now)
    return BOX.unseal(code.sealed)


def shown_voucher(*, code: str, now: datetime) -> Voucher | None:
    """The voucher that is being shown; None for a code that is none. Raises why it cannot be used now."""
    found = Voucher.objects.filter(shown_hash=shown_hash(code)).select_related("member", "reward__resource", "slot")
    voucher = found.first()
    if voucher is not None:
        _check_time(voucher, now)
    return voucher


def use_voucher(*, code: str, store_code: str, actor: Actor, now: datetime) -> Voucher:
    """Use the voucher that is being shown, once; inside the caller's transaction.

    Raises VoucherNotFound, VoucherNotUsable, VoucherNotBooked, VoucherNotThisDay.
    """
    voucher = shown_voucher(code=code, now=now)
    if voucher is None:
        raise VoucherNotFound
    unused = Voucher.objects.filter(pk=voucher.pk, status=VoucherStatus.READY, slot=voucher.slot_id)
    used = {"status": VoucherStatus.USED, "used_at": now, "store_code": store_code, "verified_by": str(actor)[:80]}
    if not unused.update(**used):
        voucher.refresh_from_db()
        raise VoucherNotUsable(state=voucher.get_status_display())
    voucher.refresh_from_db()
    return voucher


def take_back_use(*, number: str, store_code: str, used_at: datetime, now: datetime) -> None:
    """It was used in this store at that moment by mistake; inside the caller's transaction. Raises VoucherNotUsable."""
    used = Voucher.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=now) | Q(slot__isnull=False),
        number=number,
        status=VoucherStatus.USED,
        store_code=store_code,
        used_at=used_at,
    )
    if not used.update(status=VoucherStatus.READY, used_at=None, store_code="", verified_by=""):
        raise VoucherNotUsable(state=VoucherStatus.EXPIRED.label)


def is_over(voucher: Voucher, *, now: datetime) -> bool:
    """What is booked is good for its time, with what the shop allows after it, even where that ends later."""
    return voucher.slot_id is None and voucher.valid_until is not None and voucher.valid_until <= now


def _mine(voucher_id: int, member_id: int) -> Voucher:
    rows = Voucher.objects.filter(pk=voucher_id, member_id=member_id).select_related("reward", "slot")
    voucher = rows.select_for_update(no_key=True, of=("self",)).first()
    if voucher is None:
        raise VoucherNotFound
    return voucher


def _check_usable(voucher: Voucher, now: datetime) -> None:
    if voucher.status != VoucherStatus.READY:
        raise VoucherNotUsable(state=voucher.get_status_display())
    if is_over(voucher, now=now):
        raise VoucherNotUsable(state=VoucherStatus.EXPIRED.label)


def _check_time(voucher: Voucher, now: datetime) -> None:
    """A service that is booked is used about then, a little earlier or later as the shop allows."""
    _check_usable(voucher, now)
    if voucher.reward.resource_id is None:
        return
    slot = voucher.slot
    if slot is None:
        raise VoucherNotBooked
    early, late = timedelta(minutes=COME_EARLY_MINUTES.value()), timedelta(minutes=COME_LATE_MINUTES.value())
    if not slot.starts_at - early <= now < slot.ends_at + late:
        raise VoucherNotThisDay(slot=date_format(localtime(slot.starts_at), "Y-m-d H:i"))
