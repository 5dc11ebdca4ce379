"""What the merchant may change about the shop front."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.core.preferences import text

SHOP_NAME = text(
    "shop.name", default="Lantern", label=_("Shop name"), help_text=_("Shown by the fronts."), max_length=40
)


def shop_name(request: HttpRequest) -> str:
    """The title of the admin."""
    return SHOP_NAME.value()
