"""Refusals of the catalogue."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CodeTaken(DomainError):
    code, status, message = "code_taken", 409, _("The code {value} is already in use.")


class ProductWithoutSku(DomainError):
    code, status, message = "product_without_sku", 409, _("{name} has no SKU that is sold.")


class InvalidShelfWindow(DomainError):
    code, status, message = "invalid_shelf_window", 400, _("The shelf window must end after it starts.")


class InvalidPrice(DomainError):
    code, status, message = "invalid_price", 400, _("The price must be between ¥0.00 and ¥10,000,000.00.")


class ImportFileNotReadable(DomainError):
    code, status, message = "import_file_not_readable", 400, _("The file cannot be read: {reason}")


class ImportConflict(DomainError):
    code, status, message = (
        "import_conflict",
        409,
        _("Products changed while the file was imported. Nothing was imported."),
    )


class OutOfStock(DomainError):
    code, status, message = "out_of_stock", 409, _("Not enough stock.")


class ReservationNotHeld(DomainError):
    code, status, message = "reservation_not_held", 409, _("{reference} does not hold this stock any more.")


class CategoryInsideItself(DomainError):
    code, status, message = "category_inside_itself", 409, _("A category cannot stand below itself.")
