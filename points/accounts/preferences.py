"""What the merchant may change about reminders and gifts by file."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

_OFF = _("0 leaves this reminder out.")
REMIND_FIRST = whole_number(
    "points.remind_first", default=30, maximum=365, label=_("Days before expiry: first reminder"), help_text=_OFF
)
REMIND_SECOND = whole_number(
    "points.remind_second", default=7, maximum=365, label=_("Days before expiry: second reminder"), help_text=_OFF
)
REMIND_LAST = whole_number(
    "points.remind_last", default=1, maximum=365, label=_("Days before expiry: last reminder"), help_text=_OFF
)

FILE_APPROVAL_ABOVE = whole_number(
    "points.file_approval_above",
    default=10_000,
    label=_("Points by files that need a second person"),
    help_text=_("More than this in one person's files of a day must be approved, and so must a file that comes again."),
)


def stages() -> list[int]:
    """Days ahead at which members are reminded, the nearest first."""
    return sorted({each for each in (REMIND_FIRST.value(), REMIND_SECOND.value(), REMIND_LAST.value()) if each})
