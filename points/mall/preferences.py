"""Numbers that the merchant may change."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

COME_EARLY_MINUTES = whole_number(
    "mall.come_early_minutes",
    default=60,
    label=_("Minutes before a booked time from which its voucher is verified"),
    maximum=1440,
)
COME_LATE_MINUTES = whole_number(
    "mall.come_late_minutes",
    default=60,
    label=_("Minutes after the end of a booked time until which its voucher is verified"),
    help_text=_("Who has not come by then has not come at all."),
    maximum=1440,
)
REVEALS_PER_HOUR = whole_number(
    "mall.reveals_per_hour",
    default=30,
    label=_("Looks at codes that a member has in an hour"),
    minimum=1,
    maximum=1000,
)
REMIND_HOURS = whole_number(
    "mall.remind_hours",
    default=24,
    label=_("Hours before a booked time, or before a voucher expires, to remind its member"),
    help_text=_("0: nobody is reminded."),
    maximum=240,
)
EXPIRING_CODES_DAYS = whole_number(
    "mall.expiring_codes_days",
    default=14,
    label=_("Days before codes of the points mall expire to warn the shop"),
    help_text=_("0: the shop is not warned."),
    maximum=365,
)
