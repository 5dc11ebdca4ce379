"""What an activity sells is ordered by itself."""

from promotions.campaigns.errors import ActivityGoods
from promotions.pricing.model import CartSnapshot, PricingLine


def only_line(cart: CartSnapshot) -> PricingLine:
    """The one line of the cart. Raises ActivityGoods where there are more."""
    if len(cart.lines) != 1:
        raise ActivityGoods
    return cart.lines[0]
