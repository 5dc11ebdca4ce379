"""What invitations are worth is decided above: points and promotions subscribe and pay. Each comes true once."""

from datetime import datetime

from shop.core.events import Fact


class InvitationRegistered(Fact):
    """An invited member has registered, and nothing is suspicious or a person has cleared it."""

    invitation_id: int
    inviter_id: int
    invitee_id: int
    at: datetime


class InvitationSettled(Fact):
    """The same for their first settled order."""

    invitation_id: int
    inviter_id: int
    invitee_id: int
    order_number: str
    at: datetime
