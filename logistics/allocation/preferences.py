"""What the merchant may change about allocation, beside its policy."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

GATHER_MINUTES = whole_number(
    "allocation.gather_minutes",
    default=0,
    maximum=24 * 60,
    label=_("Minutes that paid orders gather before they are planned"),
    help_text=_("Planned together they cost less than one by one. 0 plans each at once."),
)
