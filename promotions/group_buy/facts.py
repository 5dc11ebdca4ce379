"""What group buys tell the rooms above, one fact for each order."""

from datetime import datetime

from shop.core.events import Fact


class SeatSucceeded(Fact):
    """The team of a paid order has succeeded: its goods may be sent."""

    order_number: str
    member_id: int
    team_id: int
    at: datetime


class SeatFailed(Fact):
    """A paid order is to be paid back as a whole: its team has failed, or it was paid after that (`late`)."""

    order_number: str
    member_id: int
    team_id: int
    late: bool
    at: datetime


class SeatReleased(Fact):
    """The team has ended without this order, which is not paid: it is to be closed."""

    order_number: str
    member_id: int
    team_id: int
    at: datetime
