"""What the merchant may change about outreach."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

CAP_TIMES = whole_number(
    "outreach.cap_times",
    default=3,
    minimum=1,
    maximum=100,
    label=_("Times that plans together may reach a member"),
    help_text=_("Within the days below. Whoever is beyond is left out and comes again with the next run."),
)
CAP_DAYS = whole_number(
    "outreach.cap_days", default=7, minimum=1, maximum=365, label=_("Days in which these times are counted")
)
APPROVAL_PEOPLE = whole_number(
    "outreach.approval_people",
    default=1000,
    label=_("Members that one person may reach with a plan"),
    help_text=_("Plans that may reach more of them wait for a second person."),
)
APPROVAL_POINTS = whole_number(
    "outreach.approval_points",
    default=100_000,
    label=_("Points that one person may give with a plan"),
    help_text=_("Plans that may give more wait for a second person."),
)
