"""New stock wakes the orders that wait for it."""

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import retry_fulfilment
from logistics.network.facts import StockReceived
from shop.core.events import subscribe

WOKEN_AT_ONCE = 200


# Each request has a transaction of its own: many in one would hold many orders' stock at once, in no common order.
@subscribe(StockReceived, in_transaction=False)
def serve_waiting_orders(fact: StockReceived) -> None:
    """Oldest first; whoever is left over is tried by the job."""
    waiting = FulfilmentRequest.objects.filter(
        status=FulfilmentRequest.Status.WAITING, lines__sku_id__in=fact.sku_ids
    ).order_by("pk")
    for request_id in waiting.distinct().values_list("pk", flat=True)[:WOKEN_AT_ONCE]:
        retry_fulfilment(request_id=request_id, now=fact.at)
