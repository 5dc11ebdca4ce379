"""Scheduled work of this room."""

from datetime import datetime, timedelta

from orders.after_sales.services import act_in_time
from shop.core.jobs import Effect, job


@job("after_sales.act_in_time", every=timedelta(minutes=1))
def act_on_what_is_due(now: datetime) -> Effect:
    return act_in_time(now=now)
