"""Scheduled work of this room."""

from datetime import datetime, timedelta

from members.uploads.services import sweep
from shop.core.jobs import Effect, job


@job("uploads.sweep", every=timedelta(minutes=10))
def delete_what_nobody_used(now: datetime) -> Effect:
    return {"forgotten": sweep(now=now)}
