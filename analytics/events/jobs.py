"""Scheduled work of this room."""

from datetime import datetime, timedelta

from analytics.events.services.keeping import forget_old
from analytics.events.services.loading import load_events
from analytics.events.services.partitions import drop_old, make_ahead
from analytics.events.services.server_facts import record_waiting_orders
from shop.core.jobs import Effect, job

LOAD_SECONDS = 8.0


@job("analytics.load_events", every=timedelta(seconds=10))
def load_what_came(now: datetime) -> Effect:
    return load_events(seconds=LOAD_SECONDS)


@job("analytics.record_waiting_orders", every=timedelta(seconds=30))
def tell_of_waiting_orders(now: datetime) -> Effect:
    return {"received": record_waiting_orders(now=now)}


@job("analytics.keep_events", at=(0, 20))
def turn_days_over(now: datetime) -> Effect:
    make_ahead(now=now)
    return {"erased": drop_old(now=now), "forgotten": forget_old(now=now)}
