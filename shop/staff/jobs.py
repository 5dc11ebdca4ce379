"""Scheduled work of this room."""

from datetime import datetime, timedelta

from shop.core.jobs import Effect, job
from shop.staff.services import forget_sessions


@job("staff.tidy", at=(3, 50))
def tidy(now: datetime) -> Effect:
    return {"sessions": forget_sessions(before=now - timedelta(days=30))}
