"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.bargaining.services.expiring import expire_attempts, remind_members
from shop.core.jobs import Effect, job


@job("bargaining.tell", every=timedelta(minutes=5))
def tell(now: datetime) -> Effect:
    return {"reminded": remind_members(now=now), "expired": expire_attempts(now=now)}
