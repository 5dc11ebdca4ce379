"""The only place where a price is made: pure, so that cart, quote and order agree to the fen.

A stage takes the cart and the quote so far and answers the quote with its own contribution. Later stages see the net
that earlier ones left. A stage that no promotion feeds has no entry.
"""

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from promotions.pricing.model import CartSnapshot, PricedLine, Quote, Rejection, Stage


def price(cart: CartSnapshot) -> Quote:
    """The quote for `cart`; the order in which its lines come changes nothing but the order of the quote's lines."""
    quote = Quote()
    for _stage, act in STAGES:
        quote = act(cart, quote)
    return quote


def list_prices(cart: CartSnapshot, quote: Quote) -> Quote:
    return replace(
        quote, lines=tuple(PricedLine(line.sku_id, line.quantity, line.unit_price_fen) for line in cart.lines)
    )


def coupons(cart: CartSnapshot, quote: Quote) -> Quote:
    # No member holds a coupon, so that whichever is named is not theirs; "best" of none is none.
    named = () if cart.coupon_ids == "best" else cart.coupon_ids
    refused = tuple(Rejection("coupon", each, "coupon_not_found", _("You do not have this coupon.")) for each in named)
    return replace(quote, rejected=quote.rejected + refused)


def points(cart: CartSnapshot, quote: Quote) -> Quote:
    if cart.points_to_use in (0, "max"):
        return quote
    refused = Rejection("points", None, "points_insufficient", _("You do not have enough points."))
    return replace(quote, rejected=(*quote.rejected, refused))


def freight(cart: CartSnapshot, quote: Quote) -> Quote:
    return replace(quote, freight_fen=cart.freight_fen)


STAGES: tuple[tuple[Stage, Callable[[CartSnapshot, Quote], Quote]], ...] = (
    (Stage.PRICE, list_prices),
    (Stage.COUPONS, coupons),
    (Stage.POINTS, points),
    (Stage.FREIGHT, freight),
)
