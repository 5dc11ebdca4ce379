"""What other rooms and the edge call; each name lives in the module of its verb."""

from points.ledger.services.approving import approve_grant, decline_grant, request_grant
from points.ledger.services.clawing_back import claw_back
from points.ledger.services.granting import adjust, grant, set_maturity
from points.ledger.services.holding import capture, hold, release
from points.ledger.services.spending import reverse, spend
from points.ledger.services.sweeping import settle_due
from points.ledger.services.transferring import transfer

__all__ = [
    "adjust",
    "approve_grant",
    "capture",
    "claw_back",
    "decline_grant",
    "grant",
    "hold",
    "release",
    "request_grant",
    "reverse",
    "set_maturity",
    "settle_due",
    "spend",
    "transfer",
]
