"""What upper rooms know about an order and the front shows with it, such as the code to fetch it with.

`settings.ORDER_FACET_PROVIDERS` lists the providers by dotted path. A provider is asked once for a whole page of orders
and should answer with one query, or with none where no order concerns it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from orders.checkout.models import Order
from orders.checkout.presenters import present_order


class OrderFacetProvider(Protocol):
    def __call__(self, *, orders: Sequence[Order], now: datetime) -> Mapping[int, Mapping[str, Any]]:
        """Fields of the answer by the order's id; orders without any may be left out."""


def present_orders(*, orders: Sequence[Order], now: datetime) -> list[dict[str, Any]]:
    """The orders as their member reads them."""
    shown = {order.pk: present_order(order) for order in orders}
    for path in settings.ORDER_FACET_PROVIDERS:
        provider: OrderFacetProvider = import_string(path)
        for order_id, fields in provider(orders=orders, now=now).items():
            shown[order_id].update(fields)
    return list(shown.values())
