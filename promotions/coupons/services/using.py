"""A coupon's way through an order: held when it is placed, used when it is paid, given back when it comes to nothing.

All inside the order's transaction, each one conditional UPDATE whose row count decides.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Least

from promotions.coupons.errors import CouponNotFound, CouponNotUsable, CouponNotVoidable
from promotions.coupons.facts import CouponUsed
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.templates import Halted
from promotions.coupons.preferences import RETURN_GRACE_DAYS
from promotions.coupons.services.taking_back import end_revoked, lock_returning
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case


def claim_coupons(*, order_number: str, member_id: int, costs_fen: Mapping[int, int], now: datetime) -> None:
    """Hold the member's coupons, by id with what each takes off, for the order. Raises CouponNotUsable."""
    for coupon_id in sorted(costs_fen):
        usable = Coupon.objects.filter(
            pk=coupon_id,
            member_id=member_id,
            status=CouponStatus.UNUSED,
            valid_from__lte=now,
            valid_until__gt=now,
        ).filter(of_use())
        held = usable.update(status=CouponStatus.LOCKED, order_number=order_number, cost_fen=costs_fen[coupon_id])
        if not held:
            raise CouponNotUsable


def of_use() -> Exists:
    """The condition that the staff has not halted a coupon. No join: what is updated is looked at under its lock."""
    return Exists(CouponTemplate.objects.filter(pk=OuterRef("template"), halted=Halted.NO))


def confirm_coupons(*, order_number: str, revenue_fen: int, now: datetime) -> int:
    """The order is paid: its coupons are used. Returns how many were; again, none."""
    held = Coupon.objects.filter(order_number=order_number, status=CouponStatus.LOCKED)
    coupons = list(held.order_by("pk").select_for_update(no_key=True))
    held.update(status=CouponStatus.USED, used_at=now, revenue_fen=revenue_fen)
    publish(
        *(
            CouponUsed(
                coupon_id=coupon.pk,
                template_id=coupon.template_id,
                member_id=coupon.member_id,
                order_number=order_number,
                store_code="",
                cost_fen=coupon.cost_fen,
                at=now,
            )
            for coupon in coupons
        )
    )
    return len(coupons)


def release_coupons(*, order_number: str, now: datetime) -> int:
    """The order was given up unpaid: its coupons come back. Returns how many did."""
    return _come_back(Coupon.objects.filter(order_number=order_number, status=CouponStatus.LOCKED), now=now)


def let_coupons_go(*, coupon_ids: Collection[int], now: datetime) -> int:
    """These are held no longer. Returns how many were."""
    return _come_back(Coupon.objects.filter(pk__in=coupon_ids, status=CouponStatus.LOCKED), now=now)


def take_coupons_back(*, coupon_ids: Collection[int], reason: str, actor: Actor) -> int:
    """What they were given for was paid back: held until now, they are void. Returns how many were."""
    held = Coupon.objects.filter(pk__in=coupon_ids, status=CouponStatus.LOCKED)
    keys = list(held.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    held.update(status=CouponStatus.UNUSED, order_number="")
    unused = Coupon.objects.filter(pk__in=keys, status=CouponStatus.UNUSED)
    return unused.update(status=CouponStatus.VOID, voided_by=str(actor)[:80], void_reason=reason[:200])


def return_coupons(*, order_number: str, coupon_ids: Collection[int], now: datetime) -> int:
    """Of a paid order these come back, and count as never used. Returns how many did; again, none."""
    used = Coupon.objects.filter(order_number=order_number, pk__in=coupon_ids, status=CouponStatus.USED)
    return _come_back(used, now=now)


def reduce_coupons(*, order_number: str, costs_fen: Mapping[int, int], revenue_fen: int) -> None:
    """Of a paid order some goods came back: what each coupon, by id, still takes off, and what is still paid."""
    for coupon_id in sorted(costs_fen):
        Coupon.objects.filter(pk=coupon_id, order_number=order_number, status=CouponStatus.USED).update(
            cost_fen=Least("cost_fen", costs_fen[coupon_id]), revenue_fen=revenue_fen
        )


@use_case
def void_coupon(*, coupon_id: int, reason: str, actor: Actor, now: datetime) -> Coupon:
    """The staff takes an unused coupon away. Raises CouponNotFound, CouponNotVoidable."""
    unused = Coupon.objects.filter(pk=coupon_id, status=CouponStatus.UNUSED, valid_until__gt=now)
    done = unused.update(status=CouponStatus.VOID, voided_by=str(actor)[:80], void_reason=reason[:200])
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise CouponNotFound
    if not done:
        raise CouponNotVoidable
    return coupon


def _come_back(coupons: QuerySet[Coupon], *, now: datetime) -> int:
    """As long-lived as they were. What expired meanwhile stays so, or has the merchant's days of grace."""
    grace = timedelta(days=RETURN_GRACE_DAYS.value())
    over = Q(valid_until__lte=now)
    revoked = lock_returning(coupons)
    still_good = CouponStatus.UNUSED if grace else CouponStatus.EXPIRED
    back = coupons.update(
        status=Case(When(over, then=Value(still_good)), default=Value(CouponStatus.UNUSED)),
        valid_until=Case(When(over, then=Value(now + grace)), default=F("valid_until")) if grace else F("valid_until"),
        reminded_at=Case(When(over, then=Value(None)), default=F("reminded_at")) if grace else F("reminded_at"),
        returned_from=F("order_number"),
        order_number="",
        used_at=None,
        cost_fen=0,
        revenue_fen=0,
    )
    if revoked:
        end_revoked(coupon_ids=revoked)
    return back
