"""The desk of after-sales."""

from orders.after_sales.admin.after_sales import AfterSaleAdmin

__all__ = ["AfterSaleAdmin"]
