"""What products show of discounts: those open to everybody, because what products show is kept for everybody, and of
which something is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from promotions.campaigns.conflicts import ANYBODY
from promotions.discounts.left import GiftsLeft, Left, left_of
from promotions.discounts.live import Live, LiveCampaign, LiveItem, LiveOffer, live
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.model import WHOLE_BP, Measure, PricingLine, SpendTier
from promotions.pricing.scopes import Basket
from promotions.pricing.unit_prices import offered_unit_fen
from shop.catalog.facets import Facets, FacetSubject, earliest
from shop.catalog.models import Sku

NO_GOODS: Basket[PricingLine] = Basket(())


def running_discounts(*, products: Sequence[FacetSubject], now: datetime) -> dict[int, Facets]:
    """Timed discounts with the lowest price that they make of the product, and spend offers.

    One query, another one where there is a discount, for how far prices may fall, and one where units, gifts or money
    are counted.
    """
    published = live()
    lines = {each.product_id: _lines(each, published) for each in products}
    discounted = [found for found in lines.values() if published.items.touching(Basket(found))]
    guards = _guards(line.sku_id for found in discounted for line in found)
    page = Basket([line for found in lines.values() for line in found])
    items, offers = published.items.touching(page), published.offers.touching(page)
    left = left_of(items, offers, ANYBODY, NO_GOODS)
    return {
        pk: _facets([_guarded(line, guards) for line in found], published, left, now) for pk, found in lines.items()
    }


def _lines(subject: FacetSubject, published: Live) -> list[PricingLine]:
    path = published.paths.get(subject.category_id, "")
    return [
        PricingLine(sku_id, 1, price_fen, subject.product_id, path) for sku_id, price_fen in subject.prices_fen.items()
    ]


def _guards(sku_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    ids = set(sku_ids)
    if not ids:
        return {}
    rows = Sku.objects.filter(pk__in=ids).values_list("pk", "floor_price_fen", "product__max_discount_bp")
    return {pk: (floor_fen or 0, max_discount_bp) for pk, floor_fen, max_discount_bp in rows}


def _guarded(line: PricingLine, guards: Mapping[int, tuple[int, int]]) -> PricingLine:
    if line.sku_id not in guards:
        return line
    floor_fen, max_discount_bp = guards[line.sku_id]
    return structs.replace(line, floor_price_fen=floor_fen, max_discount_bp=max_discount_bp)


def _facets(lines: Sequence[PricingLine], published: Live, left: Left, now: datetime) -> Facets:
    basket = Basket(lines)
    items = [each for each in published.items.touching(basket) if each.campaign.audience.is_everybody]
    offers = [each for each in published.offers.touching(basket) if each.campaign.audience.is_everybody]
    campaigns = [*(each.campaign for each in items), *(each.campaign for each in offers)]
    return Facets(
        activities=(*_discounts(items, lines, left, now), *_offers(offers, left, now)),
        valid_until=_changes_at(campaigns, now),
    )


def _discounts(
    items: Iterable[LiveItem], lines: Sequence[PricingLine], left: Left, now: datetime
) -> list[dict[str, Any]]:
    lowest: dict[int, int] = {}
    campaigns: dict[int, LiveCampaign] = {}
    for item in items:
        if not item.campaign.is_live(now) or (item.is_limited and not left.units.get(item.item_id, 0)):
            continue
        campaigns[item.campaign.id] = item.campaign
        for line in lines:
            price = offered_unit_fen(line, item.terms)
            if item.scope.covers(line) and _reaches(
                item.campaign, TimedDiscount.KIND, line.unit_price_fen - price, left
            ):
                lowest[item.campaign.id] = min(price, lowest.get(item.campaign.id, price))
    return [_activity(TimedDiscount.KIND, campaigns[pk], price) for pk, price in lowest.items()]


def _offers(offers: Iterable[LiveOffer], left: Left, now: datetime) -> list[dict[str, Any]]:
    return [
        _activity(SpendOffer.KIND, each.campaign, None)
        for each in offers
        if each.campaign.is_live(now) and any(_gives(each, tier, left) for tier in each.terms.tiers)
    ]


def _gives(offer: LiveOffer, tier: SpendTier, left: Left) -> bool:
    """Whether whoever reaches the tier still gets something."""
    least_fen = tier.off_fen
    if tier.off_bp and offer.terms.measure == Measure.AMOUNT:
        least_fen += tier.threshold * tier.off_bp // WHOLE_BP
    if not _reaches(offer.campaign, SpendOffer.KIND, least_fen, left):
        return False
    gifts = any(min(left.gifts.get(gift.tier_id, GiftsLeft())) >= gift.quantity for gift in tier.gifts)
    return bool(tier.off_fen or tier.off_bp or tier.free_shipping) or gifts


def _reaches(campaign: LiveCampaign, kind: str, fen: int, left: Left) -> bool:
    """Whether what is left of its budget is enough to take so much off; something must be left at all."""
    return not campaign.has_budget or left.budgets.get((kind, campaign.id), 0) >= max(fen, 1)


def _activity(kind: str, campaign: LiveCampaign, price_fen: int | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": campaign.id,
        "name": campaign.label,
        "price_fen": price_fen,
        "starts_at": campaign.starts_at,
        "ends_at": campaign.ends_at,
    }


def _changes_at(campaigns: Iterable[LiveCampaign], now: datetime) -> datetime | None:
    """The next start or end among them."""
    instants = [instant for each in campaigns for instant in (each.starts_at, each.ends_at)]
    return earliest(*(instant for instant in instants if instant is not None and instant > now))
