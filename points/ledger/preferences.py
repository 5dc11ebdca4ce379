"""What the merchant may change about points."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

POINTS_PER_YUAN = whole_number(
    "points.per_yuan", default=100, minimum=1, maximum=1_000_000, label=_("Points that are worth one yuan")
)
GRACE_DAYS = whole_number(
    "points.grace_days",
    default=0,
    maximum=365,
    label=_("Days of grace for points that come back after their expiry"),
    help_text=_("0 lets them expire at once. Points have a grace once, however often they are spent and given back."),
)
APPROVAL_ABOVE = whole_number(
    "points.approval_above",
    default=1000,
    label=_("Points by hand that need a second person"),
    help_text=_("More than this to one member within a day must be approved by somebody else."),
)
APPROVAL_ABOVE_A_DAY = whole_number(
    "points.approval_above_a_day",
    default=10_000,
    label=_("Points by hand of one person in a day that need no second one"),
    help_text=_("To all members together; what goes beyond must be approved by somebody else."),
)
