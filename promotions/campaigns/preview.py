"""What somebody would pay at some moment, as the engine says it: for a look before members see it.

Everything published is asked at that moment; drafts that are looked at act as if they were published. A campaign whose
budget, as far as it is left now, does not reach for the cart is left out of it and said to be, as in a quote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotions.campaigns.audience import Buyer
from promotions.campaigns.conflicts import line_of, shop_terms, terms_of, together
from promotions.campaigns.models import Campaign
from promotions.campaigns.scopes import category_paths
from promotions.pricing.answers import Quote
from promotions.pricing.budgets import price_in_budget
from promotions.pricing.model import CartSnapshot, Terms
from shop.catalog.models import Sku


@dataclass(frozen=True)
class Preview:
    """`left_out` are the drafts that do not act then, or not for this buyer, with the reason where there is one."""

    quote: Quote
    skus: Mapping[int, Sku]
    left_out: Sequence[tuple[Campaign, str]]


def preview(
    *, buyer: Buyer, units: Mapping[int, int], drafts: Sequence[Campaign], at: datetime, freight_fen: int | None = None
) -> Preview:
    """The quote for so many units by SKU id, at list prices of today, with that freight before any promotion."""
    skus = Sku.objects.select_related("product__category").in_bulk(units)
    lines = tuple(line_of(skus[pk], units[pk]) for pk in sorted(skus))
    cart = CartSnapshot(lines, freight_fen, coupon_ids="best")
    offered = shop_terms(buyer=buyer, cart=cart, now=at)
    paths = category_paths()
    left_out = [(each, why) for each in drafts if (why := _why_not(each, buyer, at)) is not None]
    acting = [each for each in drafts if each not in [campaign for campaign, _why in left_out]]
    more = together([_within_budget(each, terms_of(each, paths, at=at)) for each in acting])
    terms = replace(
        offered,
        unit_prices=offered.unit_prices + more.unit_prices,
        spend_offers=offered.spend_offers + more.spend_offers,
        coupons=offered.coupons + more.coupons,
        freight=offered.freight + more.freight,
        budgets={**offered.budgets, **more.budgets},
        gift_costs={**offered.gift_costs, **more.gift_costs},
    )
    return Preview(price_in_budget(cart, terms), skus, left_out)


def _within_budget(draft: Campaign, terms: Terms) -> Terms:
    """The draft's terms with what is left of its budget; a coupon's is spent when it is given, not when it is used."""
    if draft.left_fen is None:
        return terms
    causes = {*(each.cause for each in terms.unit_prices), *(each.cause for each in terms.spend_offers)}
    return replace(terms, budgets=dict.fromkeys(causes, draft.left_fen))


def _why_not(campaign: Campaign, buyer: Buyer, at: datetime) -> str | None:
    if at < campaign.starts_at or (campaign.ends_at is not None and at >= campaign.ends_at):
        return ""
    refusal = campaign.why_not_at(at) or campaign.audience.refusal(buyer)
    return None if refusal is None else str(refusal)
