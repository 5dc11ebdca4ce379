"""What the merchant may set about carts and about how much one order may hold."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

MAX_LINES = whole_number(
    "cart.max_lines",
    default=100,
    minimum=1,
    maximum=200,
    label=_("Lines in a cart or order"),
    help_text=_("How many different SKUs a cart or an order may hold."),
)
MAX_UNITS = whole_number(
    "cart.max_units",
    default=999,
    minimum=1,
    maximum=9999,
    label=_("Units of a SKU in a cart or order"),
    help_text=_("How many units of one SKU a cart or an order may hold."),
)
