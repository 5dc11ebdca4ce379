"""What this room tells its own subscribers, who may talk to the network."""

from datetime import datetime

from shop.core.events import Fact


class PayoutApproved(Fact):
    """A withdrawal is to be handed to the payment service."""

    number: str
    at: datetime


class PayoutStopAsked(Fact):
    """A withdrawal is called back: it is to be closed at the payment service, if that has it."""

    number: str
    at: datetime
