"""Whether the price that a discount crosses out is a price at which the goods were sold."""

from datetime import datetime, timedelta

from django.db.models import F, Min, OuterRef, Q, Subquery

from promotions.campaigns.scopes import skus_in
from promotions.pricing.scopes import Scope
from shop.catalog.models import Sku

# Provisions on clearly marked prices and against price fraud: the lowest price of the seven days before.
WATCHED = timedelta(days=7)
SHOWN = 20


def raised_prices(scope: Scope, *, now: datetime) -> tuple[str, ...]:
    """Codes of the SKUs that cost less at some time within the last week than they do now."""
    since = now - WATCHED
    changes = Sku.history.filter(id=OuterRef("pk")).order_by()
    lowest = changes.filter(history_date__gt=since, history_date__lte=now).values("id").annotate(n=Min("price_fen"))
    before = changes.filter(history_date__lte=since).order_by("-history_date").values("price_fen")[:1]
    lower = Q(least__lt=F("price_fen")) | Q(start__lt=F("price_fen"))
    raised = skus_in(scope).alias(least=Subquery(lowest.values("n")), start=Subquery(before)).filter(lower)
    return tuple(raised.order_by("pk").values_list("code", flat=True)[:SHOWN])
