"""What other rooms and the edge call; each name lives in the module of its verb."""

from points.ledger.services.approving import approve_grant, decline_grant, request_grant
from points.ledger.services.clawing_back import claw_back
from points.ledger.services.expiring import change_policy, create_policy, preview_policy
from points.ledger.services.granting import adjust, grant, set_maturity
from points.ledger.services.holding import capture, hold, release
from points.ledger.services.spending import reverse, spend
from points.ledger.services.sweeping import settle_due
from points.ledger.services.transferring import transfer

__all__ = [
    "adjust",
    "approve_grant",
    "capture",
    "change_policy",
    "claw_back",
    "create_policy",
    "decline_grant",
    "grant",
    "hold",
    "preview_policy",
    "release",
    "request_grant",
    "reverse",
    "set_maturity",
    "settle_due",
    "spend",
    "transfer",
]
