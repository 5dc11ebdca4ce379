"""What this room tells the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class MemberRegistered(Fact):
    """A new account. Who was invited has an inviter for good."""

    member_id: int
    inviter_id: int | None
    at: datetime
