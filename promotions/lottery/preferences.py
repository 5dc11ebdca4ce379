"""Numbers that the merchant may change."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

REMIND_DAYS = whole_number(
    "lottery.remind_days",
    default=3,
    label=_("Days before a prize expires to remind its winner"),
    help_text=_("0: nobody is reminded."),
    maximum=30,
)
WINNERS_SHOWN = whole_number(
    "lottery.winners_shown",
    default=20,
    label=_("Winners shown with a lottery"),
    help_text=_("With the first character of their names. 0: none are shown."),
    maximum=100,
)
