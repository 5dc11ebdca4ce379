"""What an order's answer says of the team that it belongs to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orders.checkout.facets import EACH_LINE
from orders.checkout.models import Order
from promotions.group_buy.models import GroupBuy
from promotions.group_buy.queries import standings_of


def teams(*, orders: Sequence[Order], now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """One query for a page of orders that holds some of group buys, none otherwise.

    Until its team has succeeded nothing of an order can be asked back: it is sent or paid back by itself.
    """
    grouped = {
        order.number: order for order in orders if any(each["kind"] == GroupBuy.KIND for each in order.adjustments)
    }
    if not grouped:
        return {}
    found: dict[int, Mapping[str, Any]] = {}
    for number, standing in standings_of(order_numbers=list(grouped)).items():
        fields: dict[str, Any] = {"group_status": standing.status, "team_id": standing.team_id}
        if standing.status != "succeeded":
            fields[EACH_LINE] = {"units_for_after_sale": 0}
        found[grouped[number].pk] = fields
    return found
