"""Scheduled work of this room."""

from datetime import datetime, timedelta

from analytics.events.dirty import FUNNEL, rebuild_dirty
from analytics.funnel.rebuild import rebuild_funnel
from shop.core.jobs import Effect, job

SECONDS = 25.0


@job("analytics.count_funnel", every=timedelta(seconds=30))
def count_funnel(now: datetime) -> Effect:
    return {"evaluated": rebuild_dirty(kinds={FUNNEL: rebuild_funnel}, seconds=SECONDS)}
