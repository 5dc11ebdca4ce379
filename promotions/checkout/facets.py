"""The member price that products show.

What products show is kept for everybody, so that it is the price of the tier with the largest discount, "from" which
members buy; what a member pays by their own tier is in the quote.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from members.tiers.models import Tier
from promotions.checkout.benefits import member_price
from promotions.pricing.model import PricingLine
from promotions.pricing.unit_prices import offered_unit_fen
from shop.catalog.facets import Facets, FacetSubject
from shop.catalog.models import Sku


def member_prices(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """Two queries: the tier, and what promotions must leave of the prices; one while no tier has a price of its own."""
    # Read anew: what is answered is kept longer than the tiers are.
    best = Tier.objects.order_by("-discount_bp", "pk").first()
    terms = member_price(best) if best else None
    if terms is None:
        return {}
    prices = {sku_id: fen for each in products for sku_id, fen in each.prices_fen.items()}
    limits = Sku.objects.filter(pk__in=prices).values_list("pk", "floor_price_fen", "product__max_discount_bp")
    lowest = {
        sku_id: offered_unit_fen(
            PricingLine(sku_id, 1, prices[sku_id], floor_price_fen=floor_fen or 0, max_discount_bp=most_bp), terms
        )
        for sku_id, floor_fen, most_bp in limits
    }
    return {
        each.product_id: Facets(
            member_prices_fen={sku_id: lowest[sku_id] for sku_id in each.prices_fen if sku_id in lowest}
        )
        for each in products
    }
