"""Scheduled work of this room."""

from datetime import datetime, timedelta

from orders.wechat_shipping.services import send_due
from orders.wechat_shipping.watching import refresh_alarms, watch
from shop.core.jobs import Effect, job


@job("wechat_shipping.send_due", every=timedelta(minutes=1))
def send_what_is_due(now: datetime) -> Effect:
    counts = send_due(now=now)
    if counts["tried"]:
        refresh_alarms(now=now)
    return counts


@job("wechat_shipping.watch", every=timedelta(minutes=30))
def watch_what_travels(now: datetime) -> Effect:
    return watch(now=now)
