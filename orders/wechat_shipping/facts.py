"""What this room tells itself, so that the call to WeChat stands apart from every transaction."""

from datetime import datetime

from shop.core.events import Fact


class ShippingInfoDue(Fact):
    """There is something to tell WeChat about a payment."""

    payment_id: int
    at: datetime
