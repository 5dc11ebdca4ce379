"""How deep a discount cuts at most: what decides whether a second person must approve it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Max, Min, Q

from promotions.campaigns.scopes import skus_in
from promotions.pricing.model import WHOLE_BP
from promotions.pricing.scopes import Scope
from shop.catalog.models import Sku


def of_items(items: Iterable[Any], *, paths: Mapping[int, str]) -> int:
    """The deepest share off in basis points; a price is held against the dearest SKU that it holds for."""
    return max((_of_item(item) for item in items), default=0)


def of_tiers(tiers: Iterable[Any], *, scope: Scope) -> int:
    """An amount off and what a gift costs are held against the least that has to be spent for them."""
    rows = list(tiers)
    cheapest = 0
    if any(row.threshold_units and (row.off_fen or row.gift_sku) for row in rows):
        cheapest = skus_in(scope).aggregate(least=Min("price_fen"))["least"] or 0
    return max((_of_tier(row, cheapest) for row in rows), default=0)


def _of_item(item: Any) -> int:
    if item.off_bp is not None:
        return item.off_bp
    covered = Q(pk=item.sku_id) if item.sku_id else Q(product=item.product_id)
    dearest = Sku.objects.filter(covered, is_active=True).aggregate(most=Max("price_fen"))["most"] or 0
    return max(dearest - item.price_fen, 0) * WHOLE_BP // dearest if dearest else 0


def _of_tier(row: Any, cheapest: int) -> int:
    least = row.threshold_fen or row.threshold_units * cheapest
    given = row.off_fen + row.gift_quantity * cost_of(row.gift_sku)
    if not least:
        return row.off_bp
    return min(row.off_bp + given * WHOLE_BP // least, WHOLE_BP)


def cost_of(sku: Sku | None) -> int:
    """What a unit was bought for, or else what it sells for."""
    if sku is None:
        return 0
    return sku.price_fen if sku.cost_fen is None else sku.cost_fen
