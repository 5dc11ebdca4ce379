"""Which coupon a reward of the points mall gives: coupons are of this floor, rewards of the one below.

Always: a reward of coupons that was paid gave one coupon for each unit, under the order's number, or was paid back.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from points.mall.models import Reward
from promotions.coupons.models import CouponTemplate


class CouponReward(models.Model):
    """The template of the coupons that a reward gives; it is given as a reward only."""

    reward = models.OneToOneField(
        Reward, models.CASCADE, primary_key=True, related_name="coupon", verbose_name=_("reward")
    )
    template = models.ForeignKey(
        CouponTemplate,
        models.PROTECT,
        related_name="+",
        verbose_name=_("coupon template"),
        limit_choices_to={"way": CouponTemplate.Way.REWARD},
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("coupon of a reward")
        verbose_name_plural = _("coupons of rewards")

    def __str__(self) -> str:
        return str(self.template)
