"""What the warehouses wait for: transfers to unpack, shelves to fill up."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from logistics.network.models import StockTransfer, WarehouseStock
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="network.transfer",
        label=_("Stock transfers to receive"),
        permission="network.change_stocktransfer",
        waiting=lambda now: [StockTransfer.objects.filter(status=StockTransfer.Status.SENT)],
        since="sent_at",
        page="network_stocktransfer_changelist",
        where="status__exact=sent",
        icon="conveyor_belt",
    ),
    Queue(
        name="network.low",
        label=_("Shelves below their safety stock"),
        permission="network.change_warehousestock",
        waiting=lambda now: [WarehouseStock.objects.filter(on_hand__lt=F("allocated") + F("safety"))],
        page="network_warehousestock_changelist",
        where="state=low",
        icon="inventory",
    ),
)
