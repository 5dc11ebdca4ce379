"""Waiting requests are planned together when they are due."""

from datetime import datetime, timedelta

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services.planning import plan_waiting
from shop.core.jobs import Effect, job


@job("allocation.retry_waiting", every=timedelta(minutes=1))
def retry_waiting(now: datetime) -> Effect:
    return plan_waiting(requests=FulfilmentRequest.objects.filter(retry_at__lte=now), now=now)
