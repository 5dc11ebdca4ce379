"""What upper rooms know about a product and the front shows beside it: running activities, member price, points.

`settings.PRODUCT_FACET_PROVIDERS` lists the providers by dotted path. A provider is asked once for a whole page of
products and should answer with one query. What it answers is cached with the product, so a provider's room calls
`catalog.cache.touch_products` (or `touch_listing`, where all products are concerned) in the transaction that changes
it, and says in `valid_until` when it changes by the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class FacetSubject:
    """A product as providers see it; `prices_fen` maps each SKU that is sold to its price."""

    product_id: int
    category_id: int
    brand_id: int | None
    kind: str
    prices_fen: Mapping[int, int]


@dataclass(frozen=True)
class Facets:
    """`activities` are `{kind, id, name, price_fen, points?, starts_at, ends_at}`; `member_prices_fen` maps SKUs to
    prices.
    """

    activities: tuple[Mapping[str, Any], ...] = ()
    points_to_earn: int = 0
    member_prices_fen: Mapping[int, int] = field(default_factory=dict)
    valid_until: datetime | None = None


class FacetProvider(Protocol):
    def __call__(self, *, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
        """The facets by product id; products without any may be left out."""


def facets_of(*, products: Sequence[FacetSubject], now: datetime) -> dict[int, Facets]:
    """What all providers say together: activities in the providers' order, points added, the lowest member price."""
    together = {product.product_id: Facets() for product in products}
    for path in settings.PRODUCT_FACET_PROVIDERS:
        provider: FacetProvider = import_string(path)
        for product_id, more in provider(products=products, now=now).items():
            together[product_id] = _merged(together[product_id], more)
    return together


def earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _merged(known: Facets, more: Facets) -> Facets:
    prices = dict(known.member_prices_fen)
    for sku_id, price_fen in more.member_prices_fen.items():
        prices[sku_id] = min(price_fen, prices.get(sku_id, price_fen))
    return Facets(
        activities=known.activities + more.activities,
        points_to_earn=known.points_to_earn + more.points_to_earn,
        member_prices_fen=prices,
        valid_until=earliest(known.valid_until, more.valid_until),
    )
