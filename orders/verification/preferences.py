"""What the merchant may change about verification in stores."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

PICKUP_DAYS = whole_number(
    "verification.pickup_days",
    default=7,
    minimum=1,
    maximum=60,
    label=_("Days to fetch an order from its store"),
    help_text=_("Afterwards the store is told to call the member. Nothing is cancelled by itself."),
)
REMIND_DAYS_BEFORE = whole_number(
    "verification.remind_days_before",
    default=2,
    maximum=30,
    label=_("Days before that, on which the member is reminded"),
)
WRONG_CODES = whole_number(
    "verification.wrong_codes",
    default=10,
    minimum=3,
    maximum=100,
    label=_("Wrong codes before somebody is locked out"),
    help_text=_("Counted for each staff account and each network address."),
)
LOCK_MINUTES = whole_number(
    "verification.lock_minutes",
    default=15,
    minimum=1,
    maximum=24 * 60,
    label=_("Minutes for which wrong codes count"),
)
UNDO_MINUTES = whole_number(
    "verification.undo_minutes",
    default=10,
    maximum=24 * 60,
    label=_("Minutes in which a manager may undo a verification"),
)
