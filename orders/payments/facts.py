"""What payments tell the rooms above, and their own subscribers."""

from datetime import datetime

from shop.core.events import Fact


class RefundRequested(Fact):
    """Money has to go back; the subscriber sends the refund to the gateway under this number."""

    number: str
    at: datetime


class RefundSucceeded(Fact):
    """The payer has the money back; `reference` names what it was for, such as an after-sale."""

    number: str
    payment_number: str
    order_number: str
    amount_fen: int
    at: datetime
    reference: str = ""
