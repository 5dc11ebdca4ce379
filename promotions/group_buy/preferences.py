"""What the merchant may change about group buys."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

PAY_MINUTES = whole_number(
    "group_buy.pay_minutes",
    default=10,
    minimum=1,
    maximum=1440,
    label=_("Minutes for which an unpaid order holds a seat"),
    help_text=_("No longer than any unpaid order is kept, and no longer than its team lives."),
)
WARN_MINUTES = whole_number(
    "group_buy.warn_minutes",
    default=120,
    maximum=2880,
    label=_("Minutes before its end at which the members of a team are told that some are missing"),
    help_text=_("0: they are not told."),
)
