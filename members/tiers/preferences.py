"""What the merchant may change about tiers besides their rules."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

GROWTH_BY_HAND_PER_DAY = whole_number(
    "tiers.growth_by_hand_per_day",
    default=2_000,
    label=_("Growth by hand per member of staff and day"),
    help_text=_("Given and taken together. Whoever may change the rules of tiers is not bound by it."),
)
