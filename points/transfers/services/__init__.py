"""The only code that changes transfers."""

from points.transfers.services.ending import (
    accept_transfer,
    cancel_transfer,
    decline_transfer,
    return_due,
    withdraw_transfer,
)
from points.transfers.services.giving import offer_points

__all__ = [
    "accept_transfer",
    "cancel_transfer",
    "decline_transfer",
    "offer_points",
    "return_due",
    "withdraw_transfer",
]
