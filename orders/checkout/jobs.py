"""Scheduled work on orders."""

from datetime import datetime, timedelta

from orders.checkout.services.progress import complete_delivered, complete_shipped
from shop.core.jobs import Effect, job


@job("orders.complete_delivered", every=timedelta(minutes=10))
def complete_delivered_orders(now: datetime) -> Effect:
    return {"completed": complete_delivered(now=now) + complete_shipped(now=now)}
