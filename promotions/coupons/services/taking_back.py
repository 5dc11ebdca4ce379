"""Coupons that a purchase has earned go when too little of it is still paid; what an order has of them goes later.

Building blocks inside the caller's transaction, repeatable.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.templates import Halted
from shop.core.actors import Actor

REFUNDS = Actor.system("refunds")


def take_back_for_purchase(*, member_id: int, order_number: str, paid_fen: int, now: datetime) -> int:
    """Of the coupons that the order has earned those that it would not have for `paid_fen`, nor for nothing.

    Unused ones are void at once; one that an order holds or has used is not there again when that order gives it back.
    Returns how many were taken now.
    """
    earned = Coupon.objects.filter(
        member_id=member_id,
        way=CouponTemplate.Way.PURCHASE,
        reference__startswith=f"order:{order_number}:",
        status__in=[CouponStatus.UNUSED, CouponStatus.LOCKED, CouponStatus.USED],
        revoked_at=None,
    )
    too_dear = earned.alias(least=Greatest("template__purchase_min_fen", 1)).filter(least__gt=paid_fen)
    coupon_ids = list(too_dear.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    Coupon.objects.filter(pk__in=coupon_ids).update(revoked_at=now)
    end_revoked(coupon_ids=coupon_ids)
    return len(coupon_ids)


def lock_returning(coupons: QuerySet[Coupon]) -> list[int]:
    """Lock coupons that are about to come back; those among them that nobody may have any more, for `end_revoked`.

    Who makes a kind void waits for those that orders hold, but not for used ones: for these the kind is locked as well.
    """
    locked = list(coupons.order_by("pk").select_for_update(no_key=True))
    used = {each.template_id for each in locked if each.status == CouponStatus.USED}
    kinds = CouponTemplate.objects.filter(pk__in={each.template_id for each in locked}, halted=Halted.VOID)
    if used:
        list(CouponTemplate.objects.filter(pk__in=used).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    void = set(kinds.values_list("pk", flat=True)) if locked else set()
    return [each.pk for each in locked if each.revoked_at is not None or each.template_id in void]


def end_revoked(*, coupon_ids: Collection[int]) -> int:
    """Of coupons that were taken back, or whose kind was made void, those that no order has are void."""
    free = Coupon.objects.filter(pk__in=coupon_ids, status=CouponStatus.UNUSED)
    paid_back, all_void = _("The order that earned it was paid back."), _("All coupons of this kind were made void.")
    return free.update(
        status=CouponStatus.VOID,
        voided_by=str(REFUNDS),
        void_reason=Case(When(revoked_at=None, then=Value(all_void)), default=Value(paid_back)),
    )
