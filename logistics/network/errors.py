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


class TransferEnded(DomainError):
    code, status, message = "stock_transfer_ended", 409, _("This transfer is not on its way any more.")


class TransferDiffers(DomainError):
    code, status, message = (
        "stock_transfer_differs",
        409,
        _("No more can arrive than was sent; when fewer arrive, write down why."),
    )
