"""From which of the shop's activities an order came: what it took of them is in its adjustments and in its claims."""

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

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


def that_took_of(
    orders: QuerySet[Order], *, mechanism: str, activity_ids: Collection[int] | None = None
) -> QuerySet[Order]:
    """Those of the orders that took something of a mechanism; an order has one claim of each, found by its index.

    With `activity_ids` only those that took of one of these, by the ids that `activities_of` tells.
    """
    claims = PromotionClaim.objects.filter(order_number=OuterRef("number"), mechanism=mechanism)
    if activity_ids is not None:
        of_these = [Q(taken__contains=[{"kind": mechanism, "id": each}]) for each in activity_ids]
        claims = claims.filter(reduce(or_, of_these)) if of_these else claims.none()
    return orders.filter(Exists(claims))
