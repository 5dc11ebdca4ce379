"""What products show of discounts: those open to everybody, because what products show is kept for everybody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from promotions.discounts.live import Live, LiveCampaign, LiveItem, LiveOffer, live
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.model import PricingLine
from promotions.pricing.scopes import Basket
from promotions.pricing.unit_prices import offered_unit_fen
from shop.catalog.facets import Facets, FacetSubject, earliest
from shop.catalog.models import Sku


def running_discounts(*, products: Sequence[FacetSubject], now: datetime) -> dict[int, Facets]:
    """Timed discounts with the lowest price that they make of the product, and spend offers.

    One query, and another one where there is a discount: for how far prices may fall.
    """
    published = live()
    lines = {each.product_id: _lines(each, published) for each in products}
    discounted = [found for found in lines.values() if published.items.touching(Basket(found))]
    guards = _guards(line.sku_id for found in discounted for line in found)
    return {pk: _facets([_guarded(line, guards) for line in found], published, now) for pk, found in lines.items()}


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
    return replace(line, floor_price_fen=floor_fen, max_discount_bp=max_discount_bp)


def _facets(lines: Sequence[PricingLine], published: Live, now: datetime) -> Facets:
    basket = Basket(lines)
    items = [each for each in published.items.touching(basket) if each.campaign.audience.is_everybody]
    offers = [each for each in published.offers.touching(basket) if each.campaign.audience.is_everybody]
    campaigns = [*(each.campaign for each in items), *(each.campaign for each in offers)]
    return Facets(
        activities=(*_discounts(items, lines, now), *_offers(offers, now)),
        valid_until=_changes_at(campaigns, now),
    )


def _discounts(items: Iterable[LiveItem], lines: Sequence[PricingLine], now: datetime) -> list[dict[str, Any]]:
    lowest: dict[int, int] = {}
    campaigns: dict[int, LiveCampaign] = {}
    for item in items:
        if not item.campaign.is_live(now):
            continue
        campaigns[item.campaign.id] = item.campaign
        for line in lines:
            if item.scope.covers(line):
                price = offered_unit_fen(line, item.terms)
                lowest[item.campaign.id] = min(price, lowest.get(item.campaign.id, price))
    return [_activity(TimedDiscount.KIND, campaigns[pk], price) for pk, price in lowest.items()]


def _offers(offers: Iterable[LiveOffer], now: datetime) -> list[dict[str, Any]]:
    return [_activity(SpendOffer.KIND, each.campaign, None) for each in offers if each.campaign.is_live(now)]


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
