"""Refusals of quote, checkout and the life of an order."""

from django.utils.translation import gettext_lazy as _

from shop.catalog.errors import OutOfStock
from shop.core.errors import DomainError


class OrderNotFound(DomainError):
    code, status, message = "order_not_found", 404, _("This order does not exist.")


class KindNotSold(DomainError):
    code, status, message = "kind_not_sold", 409, _("Services and card codes cannot be ordered for delivery.")


class LimitExceeded(DomainError):
    code, status, message = "limit_exceeded", 409, _("You may not buy that many of this product.")


class TooManyLines(DomainError):
    code, status, message = "too_many_lines", 409, _("An order holds at most {limit} different products.")


class CartEmpty(DomainError):
    code, status, message = "cart_empty", 409, _("Nothing in the cart is selected.")


class AddressNotFound(DomainError):
    code, status, message = "address_not_found", 404, _("This address does not exist.")


class AddressRequired(DomainError):
    code, status, message = "address_required", 409, _("Choose where the parcel goes.")


class PickupStoreNotFound(DomainError):
    code, status, message = "pickup_store_not_found", 404, _("This store does not exist.")


class SelectionRejected(DomainError):
    code, status, message = "selection_rejected", 409, _("Something you selected cannot be used.")


class PriceChanged(DomainError):
    """For the front to show: the new `quote`, what was expected and what is asked of money and of points, and the
    `lines` whose unit price is not what it was when the member put them into the cart.
    """

    code, status, message = "price_changed", 409, _("The price has changed. Please check it again.")
    exposes = ("quote", "expected_payable_fen", "payable_fen", "expected_points", "points", "lines")


class LinesOutOfStock(OutOfStock):
    """`lines` are those that ask for more than is left, each with what is."""

    exposes = ("lines",)


class OrderNotCancellable(DomainError):
    code, status, message = "order_not_cancellable", 409, _("Only an unpaid order can be cancelled.")


class OrderNotReceivable(DomainError):
    code, status, message = "order_not_receivable", 409, _("Only a shipped order can be received.")


class FetchedInStore(DomainError):
    code, status = "fetched_in_store", 409
    message = _("The store hands this order over when you show your pickup code.")
