"""What the merchant may change about check-ins and tasks."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

MAKE_UP_DAYS_BACK = whole_number(
    "tasks.make_up_days_back",
    default=7,
    maximum=31,
    label=_("Missed check-ins can be made up for within days"),
    help_text=_("0: a missed day stays missed."),
)
MAKE_UP_FREE_PER_MONTH = whole_number(
    "tasks.make_up_free_per_month", default=1, maximum=31, label=_("Free make-up cards per member and month")
)
MAKE_UP_COST_POINTS = whole_number(
    "tasks.make_up_cost_points",
    default=20,
    label=_("Points for a further make-up card"),
    help_text=_("0: none are sold."),
)
MAKE_UP_EARNS = switch(
    "tasks.make_up_earns",
    default=False,
    label=_("A day that was made up for earns points"),
    help_text=_("Otherwise it only keeps the streak whole."),
)
ANONYMOUS_VISITS_COUNT = switch(
    "tasks.anonymous_visits_count",
    default=True,
    label=_("Visits without sign-in count for sharing"),
    help_text=_("One per network address and task, and none from where the sharing member is signed in."),
)
VISITS_PER_DAY = whole_number(
    "tasks.visits_per_day",
    default=200,
    minimum=1,
    label=_("Visits by a shared link that count, per member and day"),
)
