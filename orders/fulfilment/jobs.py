"""Scheduled work that needs to know how far orders and their after-sales have come."""

from datetime import datetime, timedelta

from orders.fulfilment.failed_teams import pay_back_forgotten
from orders.fulfilment.queries import is_coming_back
from promotions.distribution.services.settling import settle_due
from shop.core.jobs import Effect, job


@job("fulfilment.settle_commission", every=timedelta(minutes=10))
def settle_commission(now: datetime) -> Effect:
    return settle_due(is_coming_back=is_coming_back, now=now)


@job("fulfilment.pay_back_teams", every=timedelta(minutes=10))
def pay_back_failed_teams(now: datetime) -> Effect:
    return pay_back_forgotten(now=now)
