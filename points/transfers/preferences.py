"""What the merchant may change about transfers of points."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

OPEN = switch("transfers.open", default=True, label=_("Members may give points to each other"))
HOURS = whole_number(
    "transfers.hours",
    default=24,
    minimum=1,
    maximum=168,
    label=_("Hours to accept points"),
    help_text=_("Afterwards they go back. Points that expire sooner wait until their expiry only."),
)
MINIMUM = whole_number("transfers.minimum", default=10, minimum=1, label=_("Fewest points in a transfer"))
MOST_AT_ONCE = whole_number("transfers.most_at_once", default=5_000, minimum=1, label=_("Most points in a transfer"))
MOST_PER_DAY = whole_number(
    "transfers.most_per_day", default=10_000, minimum=1, label=_("Most points that a member gives in a day")
)
MOST_PER_MONTH = whole_number(
    "transfers.most_per_month", default=50_000, minimum=1, label=_("Most points that a member gives in a month")
)
MOST_RECEIVED_PER_MONTH = whole_number(
    "transfers.most_received_per_month",
    default=50_000,
    minimum=1,
    label=_("Most points that a member receives in a month"),
    help_text=_("Against points that are collected on many accounts."),
)
OFFERS_PER_DAY = whole_number(
    "transfers.offers_per_day",
    default=10,
    minimum=1,
    label=_("Transfers that a member can start in a day"),
    help_text=_("Those that were taken back count too: each of them is told to somebody."),
)
