"""What the points mall asks about coupons; see `REWARD_CHECKS`."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from points.mall.models import Reward
from promotions.redemption.models import CouponReward


def lacks(reward: Reward) -> Sequence[Any]:
    """Why a reward of coupons cannot go live yet."""
    if reward.kind != Reward.Kind.COUPON or CouponReward.objects.filter(reward=reward).exists():
        return []
    return [_("Choose the coupon that it gives.")]
