"""What the merchant may set about earning points."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

MEMBER_DAY = whole_number(
    "points.member_day",
    default=8,
    minimum=1,
    maximum=31,
    label=_("Member day"),
    help_text=_("Day of each month; shorter months have it on their last day. Earning rules may name it."),
)
