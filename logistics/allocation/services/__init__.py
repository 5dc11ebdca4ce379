"""Allocating paid orders to warehouses.

Owns fulfilment requests and allocations. Always: a request is allocated whole or waits whole; the units of open
allocations are exactly what the warehouses have allocated; each decision is kept with its reasons. Lock order: the
request, its allocations, then the catalog's stock, then the warehouses' stock.
"""

from logistics.allocation.services.allocating import (
    network_of,
    request_fulfilment,
    retry_fulfilment,
    send_goods,
)
from logistics.allocation.services.intervening import (
    reject_allocation,
    send_from_elsewhere,
    take_override_back,
)
from logistics.allocation.services.leaving import begin_picking, erase_recipients, ship_allocation
from logistics.allocation.services.releasing import cancel_fulfilment, reduce_fulfilment
from logistics.allocation.services.repacking import readdress, repack
from logistics.allocation.services.rows import FulfilmentItem

__all__ = [
    "FulfilmentItem",
    "begin_picking",
    "cancel_fulfilment",
    "erase_recipients",
    "network_of",
    "readdress",
    "reduce_fulfilment",
    "repack",
    "reject_allocation",
    "request_fulfilment",
    "retry_fulfilment",
    "send_from_elsewhere",
    "send_goods",
    "ship_allocation",
    "take_override_back",
]
