"""What the merchant may change about allocation, beside its policy."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

REPLAN_SAVES_YUAN = whole_number(
    "allocation.replan_saves_yuan",
    default=1,
    maximum=1000,
    label=_("Yuan that planning anew must save for each order that it moves"),
    help_text=_("Until picking begins. A voided waybill and another label are worth something too."),
)

GATHER_MINUTES = whole_number(
    "allocation.gather_minutes",
    default=0,
    maximum=24 * 60,
    label=_("Minutes that paid orders gather before they are planned"),
    help_text=_("Planned together they cost less than one by one. 0 plans each at once."),
)
