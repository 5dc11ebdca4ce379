"""The part of a reward's form that chooses its coupon; see `REWARD_INLINES`."""

from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline

from promotions.redemption.models import CouponReward
from shop.core.admin import PartInlineMixin


class CouponRewardInline(PartInlineMixin, StackedInline):
    model = CouponReward
    fields = ["template"]
    extra = 1
    max_num = 1
    verbose_name_plural = _("Of coupons: which one it gives")
