"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.campaigns.services.lifecycle import advance_campaigns
from shop.core.jobs import Effect, job


@job("campaigns.advance", every=timedelta(minutes=1))
def advance(now: datetime) -> Effect:
    """Prices follow the clock without it; this tells everybody else."""
    return advance_campaigns(now=now)
