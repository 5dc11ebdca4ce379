"""From which of the shop's activities an order came: what it took of them is in its adjustments and in its claims."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from orders.checkout.models import Order
from promotions.checkout.mechanisms import MECHANISMS, Points
from promotions.checkout.models import PromotionClaim

# Those that orders claim under the name of their adjustments. Points are a way to pay.
ACTIVITY_KINDS = tuple(each.name for each in MECHANISMS if each.name in each.kinds and each.name != Points.name)


def activities_of(order: Order) -> list[dict[str, Any]]:
    """Kind, id and label as they were when it was placed."""
    return [
        {name: each[name] for name in ("kind", "id", "label")}
        for each in order.adjustments
        if each["kind"] in ACTIVITY_KINDS
    ]


def that_took_of(orders: QuerySet[Order], *, mechanism: str) -> QuerySet[Order]:
    """Those of the orders that took something of a mechanism; an order has one claim of each, found by its index."""
    return orders.filter(Exists(PromotionClaim.objects.filter(order_number=OuterRef("number"), mechanism=mechanism)))
