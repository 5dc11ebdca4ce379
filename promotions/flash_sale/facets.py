"""What products show of flash sales: their goods that are sold or shown before, to everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from promotions.flash_sale.live import LiveItem, live
from promotions.flash_sale.models import FlashSale
from shop.catalog.facets import Facets, FacetSubject


def flash_sales(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """One query, and none while promotions are off."""
    published = live()
    found = {}
    for product in products:
        items = [each for sku_id in product.prices_fen for each in published.by_sku.get(sku_id, ())]
        everybodys = [each for each in items if each.sale.audience.is_everybody]
        if everybodys:
            shown = [each for each in everybodys if each.is_shown(now)]
            found[product.product_id] = Facets(
                activities=tuple(_activity(each) for each in shown),
                valid_until=published.changes_at(now, everybodys),
            )
    return found


def _activity(item: LiveItem) -> dict[str, Any]:
    return {
        "kind": FlashSale.KIND,
        "id": item.id,
        "name": item.sale.name,
        "price_fen": item.price_fen,
        "points": item.points,
        "starts_at": item.starts_at,
        "ends_at": item.ends_at,
    }
