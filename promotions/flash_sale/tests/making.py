"""Flash sales for tests, written as drafts and published through the services."""

from datetime import datetime, timedelta
from typing import Any

from promotions.campaigns.services.lifecycle import approve_campaign, findings_of, publish_campaign, save_draft
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleSession
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.actors import Actor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AUTHOR, SECOND = Actor.staff("author"), Actor.staff("second")


def draft_sale(*skus: Sku, starts_at: datetime, item: dict[str, Any] | None = None, **fields: Any) -> FlashSale:
    """One session of two hours; each SKU at ¥80, five of them, two for a member, unless `item` says otherwise."""
    given = {"name": "整点秒杀", "starts_at": starts_at - DAY, "ends_at": starts_at + 3 * DAY, **fields}
    sale = FlashSale(**given)
    save_draft(campaign=sale, actor=AUTHOR, now=clock.now())
    session = FlashSaleSession.objects.create(sale=sale, starts_at=starts_at, ends_at=starts_at + 2 * HOUR)
    for sku in skus:
        row = {"price_fen": 8000, "quota": 5, "limit_per_member": 2, **(item or {})}
        FlashSaleItem.objects.create(session=session, sku=sku, **row)
    return sale


def published(sale: FlashSale) -> FlashSale:
    """By somebody who takes note of whatever is found, and approved by a second person where that is asked for."""
    now = clock.now()
    noted = {each.code for each in findings_of(sale, now=now)}
    done = publish_campaign(kind=sale.KIND, pk=sale.pk, actor=AUTHOR, now=now, noted=noted)
    if done.status == "awaiting":
        done = approve_campaign(kind=sale.KIND, pk=sale.pk, actor=SECOND, now=now, noted=noted)
    return done


def live_item(
    sku: Sku, *, starts_in: timedelta = -HOUR, sale: dict[str, Any] | None = None, **item: Any
) -> FlashSaleItem:
    """The one item of a published sale whose session began an hour ago, unless told."""
    made = published(draft_sale(sku, starts_at=clock.now() + starts_in, item=item, **(sale or {})))
    return made.items.get()


def asked(item: FlashSaleItem, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """The body of a quote or an order that comes through the item."""
    return {
        "items": [{"sku_id": item.sku_id, "quantity": quantity}],
        "activity": {"kind": "flash_sale", "id": item.pk},
        **more,
    }
