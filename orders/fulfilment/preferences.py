"""Numbers the merchant sets for paid orders."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

AFTER_SALE_DAYS = whole_number(
    "orders.after_sale_days",
    default=7,
    maximum=365,
    label=_("Days in which goods may come back"),
    help_text=_("Counted from completion; then the points of the order become available."),
)
