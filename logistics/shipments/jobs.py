"""Parcels that couriers are silent about, and what became of carriers' promises."""

from datetime import datetime, timedelta

from logistics.shipments.outcomes import learn_matured
from logistics.shipments.waybills import poll_silent
from shop.core import clock
from shop.core.jobs import Effect, job


@job("shipments.poll_silent", every=timedelta(minutes=5))
def poll_silent_parcels(now: datetime) -> Effect:
    return poll_silent(now=now)


@job("shipments.learn_quality", every=timedelta(days=1), at=(3, 40))
def learn_quality(now: datetime) -> Effect:
    return learn_matured(today=clock.business_day(now))
