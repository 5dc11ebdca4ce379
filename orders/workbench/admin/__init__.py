"""The order desk of the admin. It lives in the highest room of orders, because it shows payments and parcels too."""

from orders.workbench.admin.exports import OrderExportAdmin
from orders.workbench.admin.orders import OrderAdmin
from orders.workbench.admin.prices import PriceChangeAdmin
from orders.workbench.admin.works import BulkWorkAdmin

__all__ = ["BulkWorkAdmin", "OrderAdmin", "OrderExportAdmin", "PriceChangeAdmin"]
