from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RedemptionConfig(AppConfig):
    name = "promotions.redemption"
    label = "redemption"
    verbose_name = _("Coupons for points")
