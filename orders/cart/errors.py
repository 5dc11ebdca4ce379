"""Refusals of the cart."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class SkuNotFound(DomainError):
    code, status, message = "sku_not_found", 404, _("This product does not exist.")


class OffShelf(DomainError):
    code, status, message = "off_shelf", 409, _("This product is no longer sold.")


class CartItemNotFound(DomainError):
    code, status, message = "cart_item_not_found", 404, _("This line is not in your cart.")


class CartFull(DomainError):
    code, status, message = "cart_full", 409, _("The cart holds at most {limit} different products.")


class TooManyUnits(DomainError):
    code, status, message = "too_many_units", 409, _("At most {limit} units of a product can be in a cart or order.")
