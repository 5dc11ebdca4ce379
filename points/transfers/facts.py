"""What transfers tell the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class TransferOffered(Fact):
    """Points wait for whoever has the phone; published whether or not somebody has."""

    transfer_id: int
    at: datetime


class TransferAccepted(Fact):
    """Points have gone from one member to another."""

    transfer_id: int
    sender_id: int
    recipient_id: int
    points: int
    at: datetime


class TransferGivenBack(Fact):
    """Points are the sender's again; `status` says why."""

    transfer_id: int
    sender_id: int
    points: int
    status: str
    at: datetime
