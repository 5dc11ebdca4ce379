"""Refusals of the stock ledger."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class StockTaken(DomainError):
    code, status, message = "warehouse_stock_taken", 409, _("The warehouse no longer has these units free.")


class StockMoved(DomainError):
    code, status, message = "warehouse_stock_moved", 409, _("The stock changed meanwhile. Please count again.")


class CountBelowAllocated(DomainError):
    code, status, message = (
        "count_below_allocated",
        409,
        _("{sku}: {allocated} units are promised to orders, so {counted} cannot be booked. Cancel those orders first."),
    )


class ReferenceUsed(DomainError):
    code, status, message = "stock_reference_used", 409, _("{reference} was booked already.")


class UnknownWarehouse(DomainError):
    code, status, message = "unknown_warehouse", 404, _("There is no such warehouse.")
