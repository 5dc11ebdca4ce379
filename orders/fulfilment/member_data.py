"""What logistics keep about a member, whom they know by order number only; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime

from logistics.allocation import services as allocation
from logistics.shipments import services as shipments
from orders.checkout.models import Order


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    numbers = list(Order.objects.filter(member_id=member_id).values_list("number", flat=True))
    return {
        "fulfilments": allocation.erase_recipients(order_numbers=numbers),
        "shipments": shipments.erase_recipients(order_numbers=numbers),
    }
