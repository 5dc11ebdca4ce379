"""The admin of the network, by screen."""

from logistics.network.admin.places import StoreAdmin, WarehouseAdmin
from logistics.network.admin.stock import StockMovementAdmin, WarehouseStockAdmin
from logistics.network.admin.transfers import StockTransferAdmin

__all__ = ["StockMovementAdmin", "StockTransferAdmin", "StoreAdmin", "WarehouseAdmin", "WarehouseStockAdmin"]
