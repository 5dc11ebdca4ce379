"""What the merchant may change about events."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

KEEP_MONTHS = whole_number(
    "analytics.keep_months",
    default=13,
    minimum=1,
    maximum=60,
    label=_("Months that single events are kept"),
    help_text=_("Older days are dropped whole; what was counted of them stays."),
)
KEEP_QUARANTINED_DAYS = whole_number(
    "analytics.keep_quarantined_days", default=30, minimum=1, maximum=365, label=_("Days that refused events are kept")
)
CALLS_PER_MINUTE = whole_number(
    "analytics.calls_per_minute",
    default=600,
    minimum=10,
    label=_("Calls with events that one address may make in a minute"),
)
