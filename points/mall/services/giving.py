"""What a paid redemption gives at once, and how it is taken back: vouchers of services and of codes.

Building blocks: the caller holds the order's row.
"""

import secrets
from datetime import datetime, timedelta

from django.db.models import F

from points.mall.errors import UsedAlready
from points.mall.models import Redemption, RedemptionStatus, Reward, RewardCode, Voucher, VoucherStatus
from points.mall.notices import tell_given
from points.mall.sealing import shown_code, shown_hash
from points.mall.services.slots import leave_slot
from points.mall.services.using import give_back_units, take_codes
from shop.core.clock import business_day, day_bounds
from shop.core.numbers import new_number


def give_vouchers(*, order_number: str, now: datetime) -> list[Voucher]:
    """One voucher for each unit of a service or a code; given already, none. Coupons and goods have no vouchers.

    Raises RewardSoldOut where a code expired before it was paid for and there is no other one.
    """
    paid = Redemption.objects.filter(order_number=order_number, status=RedemptionStatus.PAID)
    redemption = paid.select_related("reward", "slot").select_for_update(no_key=True, of=("self",)).first()
    if redemption is None or redemption.reward.kind not in (Reward.Kind.SERVICE, Reward.Kind.CODE):
        return []
    if redemption.reward.kind == Reward.Kind.CODE:
        _replace_expired(redemption, now)
    vouchers = Voucher.objects.bulk_create(_voucher(redemption, unit, now) for unit in range(redemption.units))
    if redemption.reward.kind == Reward.Kind.CODE:
        codes = RewardCode.objects.filter(redemption=redemption).order_by("pk")
        for voucher, code in zip(vouchers, codes, strict=True):
            code.voucher, voucher.valid_until = voucher, code.expires_at
            code.save(update_fields=["voucher"])
        Voucher.objects.bulk_update(vouchers, ["valid_until"])
    mark_given(redemption, now=now)
    tell_given(redemption, now=now)
    return vouchers


def mark_given(redemption: Redemption, *, now: datetime) -> None:
    Redemption.objects.filter(pk=redemption.pk, status=RedemptionStatus.PAID).update(
        status=RedemptionStatus.GIVEN, given_at=now
    )


def hold_back(redemption: Redemption, *, units: int, now: datetime) -> None:
    """Money back is asked for so many units: their vouchers are not used until that is decided. Raises UsedAlready."""
    unused = Voucher.objects.filter(redemption=redemption, status=VoucherStatus.READY).order_by("-pk")
    rows = list(unused.select_related("reward", "slot").select_for_update(no_key=True, of=("self",)))
    keys = [each.pk for each in rows if may_come_back(each, now=now)][:units]
    if len(keys) < units:
        raise UsedAlready
    Voucher.objects.filter(pk__in=keys).update(status=VoucherStatus.FROZEN)


def may_come_back(voucher: Voucher, *, now: datetime) -> bool:
    """Neither seen nor used nor expired, and not booked for so soon that it cannot be cancelled any more."""
    if voucher.status != VoucherStatus.READY or (voucher.valid_until is not None and voucher.valid_until <= now):
        return False
    slot = voucher.slot
    return slot is None or now <= slot.starts_at - timedelta(hours=voucher.reward.cancel_hours)


def let_go_on(*, order_number: str, units: int, since: datetime, now: datetime) -> None:
    """No money goes back for so many units after all: their vouchers can be used again.

    Services are good for longer by the time that they waited, and what was booked and has begun is booked again.
    """
    frozen = Voucher.objects.filter(redemption__order_number=order_number, status=VoucherStatus.FROZEN).order_by("pk")
    rows = frozen.select_related("reward", "slot").select_for_update(no_key=True, of=("self",))[:units]
    # Slots in the order of their keys, as all who move between two do.
    for voucher in sorted(rows, key=lambda each: each.slot_id or 0):
        voucher.status = VoucherStatus.READY
        if voucher.reward.kind == Reward.Kind.SERVICE and voucher.valid_until is not None:
            voucher.valid_until += now - since
        if voucher.slot is not None and voucher.slot.starts_at <= now:
            leave_slot(slot_id=voucher.slot.pk, places=1)
            voucher.slot, voucher.reminded_at = None, None
        voucher.save(update_fields=["status", "valid_until", "slot", "reminded_at"])


def reduce_reward(*, order_number: str, units: int, now: datetime) -> int:
    """Only so many units of the paid redemption stand: the rest is for others again. Returns how many came back."""
    rows = Redemption.objects.filter(order_number=order_number, paid_at__isnull=False).select_related("reward")
    redemption = rows.select_for_update(no_key=True, of=("self",)).first()
    if redemption is None:
        return 0
    back = redemption.units - units - redemption.units_back
    if back <= 0:
        return 0
    take_vouchers_back(redemption, back)
    give_back_units(redemption, back)
    redemption.units_back += back
    if redemption.units_back == redemption.units:
        redemption.status, redemption.ended_at = RedemptionStatus.RETURNED, now
    redemption.save(update_fields=["units_back", "status", "ended_at"])
    return back


def take_vouchers_back(redemption: Redemption, units: int) -> None:
    """Codes that nobody has seen are there again, and so are places in slots."""
    rows = Voucher.objects.filter(redemption=redemption, status=VoucherStatus.FROZEN).order_by("pk")
    vouchers = list(rows.select_for_update(no_key=True)[:units])
    # Slots in the order of their keys, as all who move between two do.
    for voucher in sorted(vouchers, key=lambda each: each.slot_id or 0):
        if voucher.slot_id is not None:
            leave_slot(slot_id=voucher.slot_id, places=1)
    RewardCode.objects.filter(voucher__in=vouchers).update(voucher=None, redemption=None)
    Voucher.objects.filter(pk__in=[each.pk for each in vouchers]).update(status=VoucherStatus.CANCELLED, slot=None)
    unpaid_for = units - len(vouchers)
    if unpaid_for:
        # Called off before anything was given: what was held for it has no voucher yet.
        held = RewardCode.objects.filter(redemption=redemption, voucher=None).values_list("pk", flat=True)
        RewardCode.objects.filter(pk__in=list(held[:unpaid_for])).update(redemption=None)
        if redemption.slot_id is not None and not redemption.vouchers.exists():
            leave_slot(slot_id=redemption.slot_id, places=unpaid_for)


def _replace_expired(redemption: Redemption, now: datetime) -> None:
    """Codes that ended while the order waited for its money leave the pool, and living ones take their place."""
    expired = RewardCode.objects.filter(redemption=redemption, expires_at__lte=now)
    if not expired.exists():
        return
    # The row at which redemptions wait, before its codes.
    Reward.objects.select_for_update(no_key=True, of=("self",)).get(pk=redemption.reward_id)
    count = expired.update(redemption=None, retired_at=now)
    take_codes(redemption, count, outlives=now, now=now)
    Reward.objects.filter(pk=redemption.reward_id).update(quota=F("quota") - count)


def _voucher(redemption: Redemption, unit: int, now: datetime) -> Voucher:
    """A service is good until the end of its last day, and at least until what is booked is over."""
    reward, number = redemption.reward, f"{new_number('V', now)}{secrets.randbelow(10**6):06d}"
    voucher = Voucher(
        number=number,
        redemption=redemption,
        position=unit,
        reward=reward,
        member_id=redemption.member_id,
        slot=redemption.slot,
        issued_at=now,
    )
    if reward.kind == Reward.Kind.SERVICE:
        last_day = business_day(now + timedelta(days=reward.valid_days))
        until = day_bounds(last_day)[1]
        voucher.valid_until = max(until, redemption.slot.ends_at) if redemption.slot else until
        voucher.shown_hash = shown_hash(shown_code(number))
    return voucher
