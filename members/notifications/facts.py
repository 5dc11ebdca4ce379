"""What becomes true about notifications."""

from shop.core.events import Fact


class DeliveriesQueued(Fact):
    """Messages are ready to go out."""

    delivery_ids: list[int]
