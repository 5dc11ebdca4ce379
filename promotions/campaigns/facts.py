"""What campaigns tell the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class CampaignStarted(Fact):
    """By the clock, or on being published or taken up again within its window."""

    kind: str
    campaign_id: int
    at: datetime


class CampaignEnded(Fact):
    """`reason` is one of `EndReason`."""

    kind: str
    campaign_id: int
    reason: str
    at: datetime
