"""What the merchant may change about reports."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

READY_HOUR = whole_number(
    "reports.ready_hour",
    default=7,
    minimum=4,
    maximum=23,
    label=_("Hour at which reports are made"),
    help_text=_("Shanghai time. They wait until the night's figures are counted."),
)
