"""Named row locks of the catalogue, always in primary-key order."""

from collections.abc import Iterable

from shop.catalog.models import Product


def lock_products(*, product_ids: Iterable[int]) -> list[Product]:
    """Lock products before their SKUs change, so that concurrent changes agree on what is the lowest price."""
    return list(
        Product.objects.filter(pk__in=set(product_ids)).order_by("pk").select_for_update(no_key=True, of=("self",))
    )
