"""Numbers that the merchant may change."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

REMIND_MINUTES = whole_number(
    "bargaining.remind_minutes",
    default=120,
    label=_("Minutes before a bargain expires to remind its member"),
    help_text=_("Of bargains that last at least twice as long. 0: nobody is reminded."),
    maximum=2880,
)
