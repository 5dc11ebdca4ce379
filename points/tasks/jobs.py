"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.tasks.services import celebrate
from points.tasks.services.tidying import forget_visits
from shop.core.jobs import Effect, job

# So many batches a run that it ends well within the time limit of a task; the next run goes on.
BATCHES = 100


@job("tasks.celebrate", every=timedelta(minutes=10))
def celebrate_occasions(now: datetime) -> Effect:
    return celebrate(now=now, batches=BATCHES)


@job("tasks.tidy", at=(3, 50))
def tidy(now: datetime) -> Effect:
    return {"forgotten": forget_visits(before=now - timedelta(days=400))}
