"""Why a discount could not be taken."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class DiscountSoldOut(DomainError):
    code, status, message = "discount_sold_out", 409, _("The goods at the price of {name} have just sold out.")


class DiscountChanged(DomainError):
    code, status, message = (
        "discount_changed",
        409,
        _("What {name} is for has just changed. Please check the price again."),
    )


class DiscountLimitReached(DomainError):
    code, status, message = (
        "discount_limit_reached",
        409,
        _("You have bought as many at the price of {name} as one may."),
    )


class GiftsGone(DomainError):
    code, status, message = "gifts_gone", 409, _("The gifts of {name} have just run out.")
