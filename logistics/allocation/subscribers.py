"""New stock wakes the orders that wait for it."""

from django.db.models import Exists, OuterRef

from logistics.allocation.models import FulfilmentLine, FulfilmentRequest
from logistics.allocation.services.planning import plan_waiting
from logistics.network.facts import StockReceived
from shop.core.events import subscribe


# Each request has a transaction of its own: many in one would hold many orders' stock at once, in no common order.
@subscribe(StockReceived, in_transaction=False)
def serve_waiting_orders(fact: StockReceived) -> None:
    """Those that are not to go before a later hour stay; whoever is left over is planned by the job."""
    concerned = FulfilmentLine.objects.filter(request=OuterRef("pk"), sku_id__in=fact.sku_ids)
    waiting = FulfilmentRequest.objects.filter(Exists(concerned)).exclude(obstacle={}, retry_at__gt=fact.at)
    plan_waiting(requests=waiting, now=fact.at)
