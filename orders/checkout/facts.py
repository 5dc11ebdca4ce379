"""What orders tell the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class NothingToPay(Fact):
    """An unpaid order costs nothing: points or promotions have paid it all, or staff have lowered its price."""

    number: str
    at: datetime


class OrderPaid(Fact):
    """The order is paid in full; `orders.fulfilment.after_payment` lists what follows."""

    number: str
    member_id: int
    payable_fen: int
    at: datetime
    needs_parcel: bool = True


class DepositPaid(Fact):
    """The first part of an order is paid; the rest is due in its window."""

    number: str
    member_id: int
    deposit_fen: int
    at: datetime


class DepositEnded(Fact):
    """An order was given up after its deposit: that goes back, or stays with the shop."""

    number: str
    member_id: int
    deposit_fen: int
    is_returned: bool
    at: datetime


class OrderCancelled(Fact):
    """The order was closed unpaid and has given back what it held."""

    number: str
    member_id: int
    at: datetime


class OrderCompleted(Fact):
    """The member has the goods: received by hand or by the passing of time."""

    number: str
    member_id: int
    at: datetime
