"""Scheduled work of this room."""

from datetime import datetime, timedelta

from orders.verification.attempts import forget_tries
from orders.verification.services.pickups import remind_waiting
from shop.core.jobs import Effect, job


@job("verification.remind_waiting", every=timedelta(minutes=10))
def remind_waiting_members(now: datetime) -> Effect:
    return remind_waiting(now=now)


@job("verification.tidy", at=(4, 10))
def tidy(now: datetime) -> Effect:
    return {"forgotten": forget_tries(before=now - timedelta(days=2))}
