"""What must follow every change of products, whoever makes it: services, imports and the admin alike."""

from collections.abc import Iterable

from django.db.models import Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from shop.catalog.cache import touch_products
from shop.catalog.models import Product, Sku, SkuStock
from shop.catalog.search import index_products
from shop.catalog.services.stock import presence_changed


def products_changed(*, product_ids: Iterable[int]) -> None:
    """Bring lowest price, stock rows, search index and cache in line; inside the caller's transaction.

    Call it after the change and with the product rows locked or written, so that a concurrent change is seen.
    """
    ids = sorted(set(product_ids))
    if not ids:
        return
    lowest = (
        Sku.objects.filter(product=OuterRef("pk"), is_active=True)
        .order_by()
        .values("product")
        .annotate(lowest=Min("price_fen"))
        .values("lowest")
    )
    Product.objects.filter(pk__in=ids).update(min_price_fen=Coalesce(Subquery(lowest), 0))
    bare = Sku.objects.filter(product_id__in=ids, stock__isnull=True).order_by().values_list("pk", flat=True)
    SkuStock.objects.bulk_create([SkuStock(sku_id=sku_id) for sku_id in bare], ignore_conflicts=True)
    index_products(product_ids=ids)
    presence_changed(product_ids=ids)
    touch_products(ids)
