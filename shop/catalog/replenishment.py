"""Which SKUs run low, and how many units would fill them up."""

from typing import Any

from django.db.models import F, IntegerField, Q, QuerySet
from django.db.models.functions import Greatest

from shop.catalog.models import SkuStock

# What can be sold (above the safety stock) has fallen to the alert threshold.
RUNS_LOW = Q(available__lte=F("low_stock_at") + F("safety_stock"))
IS_SOLD = Q(sku__is_active=True, sku__product__on_shelf=True)


def low_stock() -> QuerySet[SkuStock]:
    """The stock rows of sold SKUs that run low."""
    return SkuStock.objects.filter(RUNS_LOW & IS_SOLD)


def with_suggestion(stock: QuerySet[SkuStock]) -> QuerySet[Any]:
    """Adds `suggested`, the units that bring what is available up to `replenish_to`."""
    missing = Greatest(F("replenish_to") - F("available"), 0, output_field=IntegerField())
    return stock.annotate(suggested=missing)
