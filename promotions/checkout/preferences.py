"""What an order as a whole keeps, whatever promotions it meets."""

from django.utils.translation import gettext_lazy as _

from promotions.pricing.model import OrderLimits
from shop.core.preferences import whole_number

ORDER_FLOOR_FEN = whole_number(
    "pricing.order_floor_fen",
    default=0,
    label=_("Least that the goods of an order cost (fen)"),
    help_text=_("Offers, coupons and points stop here. A price that is shown with a product is kept all the same."),
)
ORDER_MAX_DISCOUNT_BP = whole_number(
    "pricing.order_max_discount_bp",
    default=10_000,
    maximum=10_000,
    label=_("Most that is taken off an order (bp)"),
    help_text=_("Of the goods at list price: 6000 leaves at least forty percent to pay."),
)
MAX_COUPONS = whole_number("pricing.max_coupons", default=3, minimum=1, maximum=5, label=_("Coupons per order at most"))


def order_limits() -> OrderLimits:
    return OrderLimits(ORDER_FLOOR_FEN.value(), ORDER_MAX_DISCOUNT_BP.value(), MAX_COUPONS.value())
