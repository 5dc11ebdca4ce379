"""What tiers tell the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class TierChanged(Fact):
    """A member holds another tier. Tiers are named by code; `reason` is one of `TierChange.Reason`."""

    member_id: int
    from_tier: str
    to_tier: str
    is_upgrade: bool
    reason: str
    at: datetime
