"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.rules.services.backtesting import forget, run_backtests
from shop.core.jobs import Effect, job


@job("points.backtests", every=timedelta(seconds=10))
def backtests(now: datetime) -> Effect:
    return {"evaluated": run_backtests(now=now)}


@job("points.forget_backtests", at=(4, 40))
def forget_backtests(now: datetime) -> Effect:
    return {"forgotten": forget(before=now - timedelta(days=90))}
