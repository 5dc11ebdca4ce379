"""Scheduled work: the bills of the days that are over."""

from datetime import datetime, timedelta

from orders.reconciliation.services import reconcile_due
from shop.core.jobs import Effect, job


@job("reconciliation.reconcile_bills", every=timedelta(minutes=10))
def reconcile_bills(now: datetime) -> Effect:
    return reconcile_due(now=now)
