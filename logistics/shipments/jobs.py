"""Parcels that couriers are silent about."""

from datetime import datetime, timedelta

from logistics.shipments.waybills import poll_silent
from shop.core.jobs import Effect, job


@job("shipments.poll_silent", every=timedelta(minutes=5))
def poll_silent_parcels(now: datetime) -> Effect:
    return poll_silent(now=now)
