"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.group_buy.services.ending import sweep_teams, warn_teams
from shop.core.jobs import Effect, job


@job("group_buy.end_teams", every=timedelta(seconds=15))
def end_teams(now: datetime) -> Effect:
    return sweep_teams(now=now)


@job("group_buy.warn_teams", every=timedelta(minutes=1))
def warn(now: datetime) -> Effect:
    return {"reminded": warn_teams(now=now)}
