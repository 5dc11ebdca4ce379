"""What upper rooms know about an order and the front shows with it, such as the code to fetch it with.

`settings.ORDER_FACET_PROVIDERS` lists the providers by dotted path. A provider is asked once for a whole page of orders
and should answer with one query, or with none where no order concerns it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from orders.checkout.models import Order, OrderLine
from orders.checkout.presenters import present_order

EACH_LINE = "each_line"


class OrderFacetProvider(Protocol):
    def __call__(self, *, orders: Sequence[Order], now: datetime) -> Mapping[int, Mapping[str, Any]]:
        """Fields of the answer by the order's id, those of each line under `EACH_LINE`; orders may be left out."""


def present_orders(
    *, orders: Sequence[Order], now: datetime, lines: Mapping[int, Sequence[OrderLine]] | None = None
) -> list[dict[str, Any]]:
    """The orders as their member reads them; their `lines`, by order id, are read unless they are at hand."""
    shown = {order.pk: present_order(order, (lines or {}).get(order.pk)) for order in orders}
    for path in settings.ORDER_FACET_PROVIDERS:
        provider: OrderFacetProvider = import_string(path)
        for order_id, fields in provider(orders=orders, now=now).items():
            answer = shown[order_id]
            answer.update({name: value for name, value in fields.items() if name != EACH_LINE})
            for line in answer["lines"]:
                line.update(fields.get(EACH_LINE, {}))
    return list(shown.values())
