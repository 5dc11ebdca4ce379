"""What this room tells its own subscribers, who may talk to the network."""

from datetime import datetime

from shop.core.events import Fact


class PayoutApproved(Fact):
    """A withdrawal is to be handed to the payment service."""

    number: str
    at: datetime


class PayoutStopAsked(Fact):
    """A withdrawal that nobody has accepted yet is to be closed at the payment service."""

    number: str
    at: datetime
