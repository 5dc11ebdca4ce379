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
TRIES = whole_number(
    "flash_sale.tries",
    default=10,
    label=_("Tries to order that one member has in ten seconds of a flash sale"),
    help_text=_("Those who are turned away at once do not count."),
    minimum=1,
    maximum=1000,
)
