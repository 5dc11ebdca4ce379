"""What a paid redemption gives, whatever it is of, and how that is taken back.

Building blocks: the caller holds the order's row. Coupons are given here, vouchers by the points mall.
"""

from datetime import datetime

from points.mall.errors import RewardSoldOut, RewardStillComing, UsedAlready
from points.mall.models import Redemption, RedemptionStatus, Reward
from points.mall.queries import redemption_of
from points.mall.services import giving
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.services import claim_coupons, give, let_coupons_go, take_coupons_back
from promotions.redemption.errors import RewardNotGiven
from promotions.redemption.models import CouponReward
from shop.core.actors import Actor
from shop.core.errors import DomainError

MALL = Actor.system("points_mall")
# What coupons that were given for points name as their reference, before the order and the unit.
GIVEN_FOR = "reward:"


def give_reward(*, order_number: str, now: datetime) -> None:
    """Vouchers or coupons, once for each unit. Raises RewardNotGiven where the codes or coupons are gone."""
    try:
        giving.give_vouchers(order_number=order_number, now=now)
    except RewardSoldOut as refusal:
        raise RewardNotGiven from refusal
    paid = Redemption.objects.filter(
        order_number=order_number, status=RedemptionStatus.PAID, reward__kind=Reward.Kind.COUPON
    )
    redemption = paid.select_for_update(no_key=True, of=("self",)).first()
    if redemption is None:
        return
    given = CouponReward.objects.filter(reward=redemption.reward_id).select_related("template").first()
    if given is None:
        raise RewardNotGiven
    for unit in range(redemption.units):
        reference = f"{_reference(order_number)}{unit}"
        try:
            give(
                template=given.template,
                member_id=redemption.member_id,
                way=CouponTemplate.Way.REWARD,
                reference=reference,
                now=now,
            )
        except DomainError as refusal:
            raise RewardNotGiven from refusal
    giving.mark_given(redemption, now=now)


def hold_back(*, order_number: str, units: int, now: datetime) -> None:
    """Money back is asked for so many units: what they gave is not used until that is decided.

    Raises UsedAlready, RewardStillComing.
    """
    redemption = redemption_of(order_number)
    if redemption is None or redemption.reward.kind == Reward.Kind.GOODS:
        return
    if redemption.status == RedemptionStatus.PAID:
        raise RewardStillComing
    if redemption.reward.kind != Reward.Kind.COUPON:
        giving.hold_back(redemption, units=units, now=now)
        return
    given = coupons_of(order_number)
    unused = [each for each in given if each.status == CouponStatus.UNUSED and each.valid_until > now]
    if len(unused) < units:
        raise UsedAlready
    costs = {each.pk: 0 for each in unused[:units]}
    claim_coupons(order_number=order_number, member_id=redemption.member_id, costs_fen=costs, now=now)


def let_go_on(*, order_number: str, units: int, since: datetime, now: datetime) -> None:
    """No money goes back after all for so many units, for which it was asked then."""
    giving.let_go_on(order_number=order_number, units=units, since=since, now=now)
    let_coupons_go(coupon_ids=_held(order_number)[:units], now=now)


def reduce_reward(*, order_number: str, units: int, now: datetime) -> None:
    """Only so many units of the paid redemption stand."""
    back = giving.reduce_reward(order_number=order_number, units=units, now=now)
    take_coupons_back(coupon_ids=_held(order_number)[:back], reason=order_number, actor=MALL)


def coupons_of(order_number: str) -> list[Coupon]:
    return list(Coupon.objects.filter(reference__startswith=_reference(order_number)).order_by("pk"))


def _held(order_number: str) -> list[int]:
    return [each.pk for each in coupons_of(order_number) if each.status == CouponStatus.LOCKED]


def _reference(order_number: str) -> str:
    return f"{GIVEN_FOR}{order_number}:"
