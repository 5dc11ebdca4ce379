"""The clock ends coupons; this only writes down what it did, and tells members before it does."""

from collections import defaultdict
from datetime import datetime, timedelta

from promotions.coupons.models import Coupon
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.templates import Halted
from promotions.coupons.notices import tell_expiring
from promotions.coupons.preferences import REMIND_DAYS
from shop.core.transactions import use_case

BATCH = 2_000


def expire_coupons(*, now: datetime, batches: int = 100) -> int:
    """Nothing depends on it being in time: whoever reads coupons looks at the clock. Returns how many expired."""
    expired = 0
    for _ in range(batches):
        count = _expire_batch(now=now)
        expired += count
        if count < BATCH:
            break
    return expired


def remind_members(*, now: datetime, batches: int = 100) -> int:
    """Tell members, once per coupon and together for all of theirs, what is about to expire; returns how many."""
    days = REMIND_DAYS.value()
    if not days:
        return 0
    reminded = 0
    for _ in range(batches):
        members, coupons = _remind_batch(before=now + timedelta(days=days), now=now)
        reminded += members
        if not coupons:
            break
    return reminded


@use_case
def _expire_batch(*, now: datetime) -> int:
    due = Coupon.objects.filter(status=CouponStatus.UNUSED, valid_until__lte=now).order_by("valid_until")
    keys = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:BATCH])
    return Coupon.objects.filter(pk__in=keys, status=CouponStatus.UNUSED).update(status=CouponStatus.EXPIRED)


@use_case
def _remind_batch(*, before: datetime, now: datetime) -> tuple[int, int]:
    due = Coupon.objects.filter(
        status=CouponStatus.UNUSED,
        valid_until__gt=now,
        valid_until__lte=before,
        reminded_at=None,
        template__halted=Halted.NO,
    )
    first = list(due.order_by("valid_until").values_list("member_id", flat=True)[:BATCH])
    theirs = (
        due.filter(member_id__in=set(first))
        .order_by("pk")
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
    )
    by_member = defaultdict(list)
    for coupon in theirs.select_related(None):
        by_member[coupon.member_id].append(coupon)
    for coupons in by_member.values():
        tell_expiring(coupons, now=now)
    Coupon.objects.filter(pk__in=[each.pk for coupons in by_member.values() for each in coupons]).update(
        reminded_at=now
    )
    return len(by_member), sum(len(coupons) for coupons in by_member.values())
