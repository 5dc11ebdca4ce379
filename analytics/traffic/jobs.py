"""Scheduled work of this room."""

from datetime import datetime, timedelta

from analytics.events.dirty import HEAT, TRAFFIC, rebuild_dirty
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic
from shop.core.jobs import Effect, job

SECONDS = 25.0


@job("analytics.count_traffic", every=timedelta(seconds=30))
def count_traffic(now: datetime) -> Effect:
    return {"evaluated": rebuild_dirty(kinds={TRAFFIC: rebuild_traffic, HEAT: rebuild_heat}, seconds=SECONDS)}
