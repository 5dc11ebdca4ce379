"""What the merchant may change about the shop front."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import text

SHOP_NAME = text(
    "shop.name", default="Lantern", label=_("Shop name"), help_text=_("Shown by the fronts."), max_length=40
)
