"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.transfers.services import return_due
from shop.core.jobs import Effect, job


@job("transfers.return_due", every=timedelta(minutes=1))
def return_what_nobody_accepted(now: datetime) -> Effect:
    return {"returned": return_due(now=now)}
