"""Presales for tests."""

from datetime import timedelta
from typing import Any

from promotions.campaigns.models import CampaignStatus
from promotions.presale.models import Presale, PresaleItem
from shop.catalog.models import Sku
from shop.core import clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_presale(**fields: Any) -> Presale:
    """Running since an hour ago for a day; then its balance is paid in two days, and it is sent."""
    now = clock.now()
    given = {
        "name": "新茶预售",
        "starts_at": now - HOUR,
        "ends_at": now + DAY,
        "balance_from": now + DAY,
        "balance_until": now + 3 * DAY,
        "ships_at": now + 5 * DAY,
        "status": CampaignStatus.RUNNING,
        "created_by": "staff:clerk",
        "revision": 1,
        **fields,
    }
    if given.get("mode") == Presale.Mode.FULL:
        given |= {"balance_from": None, "balance_until": None}
    return Presale.objects.create(**given)


def make_item(sku: Sku, *, presale: Presale | None = None, **fields: Any) -> PresaleItem:
    """¥98 with a deposit of ¥10 that counts for ¥20: ¥88 in all."""
    prices = {"price_fen": 9800, "deposit_fen": 1000, "expanded_fen": 2000}
    return PresaleItem.objects.create(presale=presale or make_presale(), sku=sku, **{**prices, **fields})


def make_full_item(sku: Sku, **fields: Any) -> PresaleItem:
    """The same, paid at once."""
    presale = make_presale(mode=Presale.Mode.FULL)
    return make_item(sku, presale=presale, **{"deposit_fen": 0, "expanded_fen": 0, **fields})


def wish(item: PresaleItem, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """The body that orders so many of it."""
    activity = {"kind": "presale", "id": item.pk}
    return {"items": [{"sku_id": item.sku_id, "quantity": quantity}], "activity": activity, **more}
