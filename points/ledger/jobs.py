"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.ledger.services import settle_due
from shop.core.jobs import Effect, job


@job("points.settle_due", every=timedelta(minutes=5))
def settle_accounts(now: datetime) -> Effect:
    """Points mature and expire by the clock whether this runs or not; it books what has happened."""
    return settle_due(now=now)
