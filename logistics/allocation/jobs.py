"""Waiting requests are tried again."""

from datetime import datetime, timedelta

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import retry_fulfilment
from shop.core.jobs import Effect, job

BATCH = 500


@job("allocation.retry_waiting", every=timedelta(minutes=1))
def retry_waiting(now: datetime) -> Effect:
    due = FulfilmentRequest.objects.filter(status=FulfilmentRequest.Status.WAITING, retry_at__lte=now)
    request_ids = list(due.order_by("retry_at", "pk").values_list("pk", flat=True)[:BATCH])
    allocated = sum(retry_fulfilment(request_id=request_id, now=now) for request_id in request_ids)
    return {"tried": len(request_ids), "allocated": allocated}
