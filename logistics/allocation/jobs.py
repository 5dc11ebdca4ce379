"""Waiting requests are planned together when they are due, those that nobody picks yet again and again."""

from datetime import datetime, timedelta

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services.planning import plan_waiting
from logistics.allocation.services.replanning import replan
from logistics.allocation.services.replaying import forget_inputs
from shop.core.jobs import Effect, job


@job("allocation.retry_waiting", every=timedelta(minutes=1))
def retry_waiting(now: datetime) -> Effect:
    return plan_waiting(requests=FulfilmentRequest.objects.filter(retry_at__lte=now), now=now)


@job("allocation.replan", every=timedelta(minutes=5))
def replan_unreleased(now: datetime) -> Effect:
    return replan(now=now)


@job("allocation.forget_inputs", every=timedelta(days=1), at=(4, 20))
def forget_old_inputs(now: datetime) -> Effect:
    return {"forgotten": forget_inputs(now=now)}
