from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromotionCheckoutConfig(AppConfig):
    name = "promotions.checkout"
    # `checkout` is the room of orders that stands above.
    label = "promotion_checkout"
    verbose_name = _("Promotions at checkout")
