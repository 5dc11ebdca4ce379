"""What products show of discounts: those open to everybody, because what products show is kept for everybody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotions.discounts.live import Live, LiveCampaign, LiveItem, LiveOffer, live
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.model import WHOLE_BP
from shop.catalog.facets import Facets, FacetSubject, earliest


@dataclass(frozen=True, slots=True)
class _Goods:
    """A SKU of a product, as scopes ask for it."""

    sku_id: int
    product_id: int
    category_path: str


def running_discounts(*, products: Sequence[FacetSubject], now: datetime) -> dict[int, Facets]:
    """Timed discounts with the lowest price that they make of the product, and spend offers; one query."""
    published = live()
    return {each.product_id: _facets(each, published, now) for each in products}


def _facets(subject: FacetSubject, published: Live, now: datetime) -> Facets:
    path = published.paths.get(subject.category_id, "")
    goods = [_Goods(sku_id, subject.product_id, path) for sku_id in subject.prices_fen]
    items = [each for each in published.items.touching(goods) if each.campaign.audience.is_everybody]
    offers = [each for each in published.offers.touching(goods) if each.campaign.audience.is_everybody]
    campaigns = [*(each.campaign for each in items), *(each.campaign for each in offers)]
    return Facets(
        activities=(*_discounts(items, goods, subject.prices_fen, now), *_offers(offers, now)),
        valid_until=_changes_at(campaigns, now),
    )


def _discounts(
    items: Iterable[LiveItem], goods: Sequence[_Goods], prices_fen: Mapping[int, int], now: datetime
) -> list[dict[str, Any]]:
    lowest: dict[int, int] = {}
    campaigns: dict[int, LiveCampaign] = {}
    for item in items:
        if not item.campaign.is_live(now):
            continue
        campaigns[item.campaign.id] = item.campaign
        for each in goods:
            if item.scope.covers(each):
                price = _price(item, prices_fen[each.sku_id])
                lowest[item.campaign.id] = min(price, lowest.get(item.campaign.id, price))
    return [_activity(TimedDiscount.KIND, campaigns[pk], price) for pk, price in lowest.items()]


def _offers(offers: Iterable[LiveOffer], now: datetime) -> list[dict[str, Any]]:
    return [_activity(SpendOffer.KIND, each.campaign, None) for each in offers if each.campaign.is_live(now)]


def _price(item: LiveItem, list_price_fen: int) -> int:
    if item.price_fen is not None:
        return min(item.price_fen, list_price_fen)
    return list_price_fen - list_price_fen * item.off_bp // WHOLE_BP


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
