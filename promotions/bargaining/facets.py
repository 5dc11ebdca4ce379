"""What products show of bargains: those open to everybody, because what products show is kept for everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from promotions.bargaining.models import Bargain
from promotions.campaigns.models import PUBLISHED
from promotions.campaigns.queries import switched_on
from shop.catalog.facets import Facets, FacetSubject, earliest


def running_bargains(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """With the floor as the price, as long as there are units; one query."""
    sold = {sku_id: each.product_id for each in products for sku_id in each.prices_fen}
    to_come = Bargain.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        Bargain.has_units(),
        switched_on(),
        status__in=PUBLISHED,
        sku__in=sold,
        tier_ids=[],
        segment_ids=[],
        channels=[],
        new_members_only=False,
    )
    by_product: dict[int, list[Bargain]] = {}
    for bargain in to_come.order_by("pk"):
        by_product.setdefault(sold[bargain.sku_id], []).append(bargain)
    return {product_id: _facets(found, now) for product_id, found in by_product.items()}


def _facets(bargains: Sequence[Bargain], now: datetime) -> Facets:
    activities = [
        {
            "kind": Bargain.KIND,
            "id": each.pk,
            "name": each.name,
            "price_fen": each.floor_fen,
            "starts_at": each.starts_at,
            "ends_at": each.ends_at,
        }
        for each in bargains
        if each.is_live(now=now)
    ]
    changes = [instant for each in bargains for instant in (each.starts_at, each.ends_at)]
    return Facets(
        activities=tuple(activities),
        valid_until=earliest(*(instant for instant in changes if instant is not None and instant > now)),
    )
