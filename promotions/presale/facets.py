"""What products show of presales: those open to everybody, because what products show is kept for everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from promotions.campaigns.models import PUBLISHED
from promotions.campaigns.queries import switched_on
from promotions.presale.models import Presale, PresaleItem
from shop.catalog.facets import Facets, FacetSubject, earliest


def running_presales(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """One query, of those that are not sold out.

    `id` is the item's, by which it is ordered; the price is that of deposit and balance together.
    """
    product_of = {sku_id: each.product_id for each in products for sku_id in each.prices_fen}
    published = Q(presale__status__in=PUBLISHED) & (Q(presale__ends_at=None) | Q(presale__ends_at__gt=now))
    left = PresaleItem.objects.filter(PresaleItem.has_units())
    items = left.filter(published, switched_on(), sku__in=product_of).select_related("presale").order_by("pk")
    found: dict[int, list[PresaleItem]] = {}
    for item in items:
        if item.presale.audience.is_everybody:
            found.setdefault(product_of[item.sku_id], []).append(item)
    return {product_id: _facets(rows, now) for product_id, rows in found.items()}


def _facets(items: Sequence[PresaleItem], now: datetime) -> Facets:
    instants = [instant for each in items for instant in (each.presale.starts_at, each.presale.ends_at)]
    return Facets(
        activities=tuple(_activity(each) for each in items if each.presale.is_live(now=now)),
        valid_until=earliest(*(instant for instant in instants if instant is not None and instant > now)),
    )


def _activity(item: PresaleItem) -> dict[str, Any]:
    presale = item.presale
    return {
        "kind": Presale.KIND,
        "id": item.pk,
        "name": presale.name,
        "price_fen": item.unit_price_fen,
        "starts_at": presale.starts_at,
        "ends_at": presale.ends_at,
    }
