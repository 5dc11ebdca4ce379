"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.lottery.services import expire_wins, remind_winners
from shop.core.jobs import Effect, job


@job("lottery.expire", every=timedelta(minutes=10))
def expire(now: datetime) -> Effect:
    return {"expired": expire_wins(now=now)}


@job("lottery.remind", at=(10, 30))
def remind(now: datetime) -> Effect:
    return {"reminded": remind_winners(now=now)}
