"""What the merchant may change about paying with points; the rate is the ledger's."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

DEDUCTION_ON = switch("points.deduction_on", default=True, label=_("Members may pay with points"))
DEDUCTION_CAP_BP = whole_number(
    "points.deduction_cap_bp",
    default=5000,
    maximum=10_000,
    label=_("Share of an order payable in points (bp)"),
    help_text=_("5000 is half of the goods; tiers may have a share of their own."),
)
DEDUCTION_MINIMUM = whole_number("points.deduction_minimum", default=0, label=_("Fewest points to pay with at once"))
DEDUCTION_STEP = whole_number("points.deduction_step", default=1, minimum=1, label=_("Points are used in multiples of"))
