"""What this room tells the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class MemberRegistered(Fact):
    """A new account. Who was invited has an inviter for good."""

    member_id: int
    inviter_id: int | None
    at: datetime


class PhoneChanged(Fact):
    """A member signs in with another number. The numbers are in the row of the change, where erasing finds them."""

    change_id: int
    member_id: int
    at: datetime
