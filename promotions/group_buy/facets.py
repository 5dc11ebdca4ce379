"""What products show of group buys: those open to everybody, because what products show is kept for everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from promotions.campaigns.audience import Audience
from promotions.campaigns.models import PUBLISHED
from promotions.campaigns.queries import switched_on
from promotions.group_buy.models import GroupBuy, GroupBuyItem
from promotions.group_buy.terms import terms_of_item
from promotions.pricing.model import PricingLine
from promotions.pricing.unit_prices import offered_unit_fen
from shop.catalog.facets import Facets, FacetSubject, earliest


def running_group_buys(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """The lowest price that a joiner pays for one of the product's SKUs, and when that changes; in one query."""
    prices = {sku_id: fen for each in products for sku_id, fen in each.prices_fen.items()}
    items = (
        GroupBuyItem.objects.filter(
            switched_on(),
            Q(group_buy__ends_at=None) | Q(group_buy__ends_at__gt=now),
            sku__in=prices,
            group_buy__status__in=PUBLISHED,
        )
        .select_related("group_buy", "sku__product")
        .order_by("group_buy", "pk")
    )
    found: dict[int, list[GroupBuyItem]] = {}
    for item in items:
        if item.group_buy.audience == Audience():
            found.setdefault(item.sku.product_id, []).append(item)
    return {product_id: _facets(rows, prices, now) for product_id, rows in found.items()}


def _facets(items: Sequence[GroupBuyItem], prices: Mapping[int, int], now: datetime) -> Facets:
    lowest: dict[int, int] = {}
    campaigns = {item.group_buy_id: item.group_buy for item in items}
    for item in items:
        if item.group_buy.is_live(now=now):
            fen = _price(item, prices[item.sku_id])
            lowest[item.group_buy_id] = min(fen, lowest.get(item.group_buy_id, fen))
    instants = [instant for each in campaigns.values() for instant in (each.starts_at, each.ends_at)]
    return Facets(
        activities=tuple(_activity(campaigns[pk], fen) for pk, fen in lowest.items()),
        valid_until=earliest(*(instant for instant in instants if instant is not None and instant > now)),
    )


def _price(item: GroupBuyItem, list_fen: int) -> int:
    sku = item.sku
    line = PricingLine(
        sku.pk, 1, list_fen, floor_price_fen=sku.floor_price_fen or 0, max_discount_bp=sku.product.max_discount_bp
    )
    return offered_unit_fen(line, terms_of_item(item, leads=False))


def _activity(group_buy: GroupBuy, price_fen: int) -> dict[str, Any]:
    return {
        "kind": GroupBuy.KIND,
        "id": group_buy.pk,
        "name": group_buy.name,
        "price_fen": price_fen,
        "starts_at": group_buy.starts_at,
        "ends_at": group_buy.ends_at,
    }
