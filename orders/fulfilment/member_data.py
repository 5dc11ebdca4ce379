"""What logistics keep about a member, whom they know by order number only; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime

from logistics.allocation import services as allocation
from logistics.shipments import services as shipments
from orders.after_sales.models import AfterSale
from orders.checkout.models import Order


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    orders = Order.objects.filter(member_id=member_id).values_list("number", flat=True)
    # Replacements travel under the number of their after-sale.
    numbers = [*orders, *AfterSale.objects.filter(member_id=member_id).values_list("number", flat=True)]
    return {
        "fulfilments": allocation.erase_recipients(order_numbers=numbers),
        "shipments": shipments.erase_recipients(order_numbers=numbers),
    }
