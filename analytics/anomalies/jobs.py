"""Scheduled work of this room."""

from datetime import datetime, timedelta

from analytics.anomalies.reading import forget_readings
from analytics.anomalies.services import watch
from shop.core.jobs import Effect, job


@job("anomalies.watch", every=timedelta(minutes=10))
def watch_hours(now: datetime) -> Effect:
    return watch(now=now)


@job("anomalies.tidy", at=(4, 50))
def tidy(now: datetime) -> Effect:
    return {"forgotten": forget_readings(now=now)}
