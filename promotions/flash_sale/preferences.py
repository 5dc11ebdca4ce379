"""Numbers that the merchant may change."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

REMIND_MINUTES = whole_number(
    "flash_sale.remind_minutes",
    default=5,
    label=_("Minutes before a flash sale to remind who asked for it"),
    minimum=1,
    maximum=120,
)
