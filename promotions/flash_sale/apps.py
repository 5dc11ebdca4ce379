from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlashSaleConfig(AppConfig):
    name = "promotions.flash_sale"
    label = "flash_sale"
    verbose_name = _("Flash sales")
