"""Why goods of a presale could not be ordered."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class PresaleNotFound(DomainError):
    code, status, message = "presale_not_found", 404, _("This presale does not exist or is over.")


class PresaleSoldOut(DomainError):
    code, status, message = "presale_sold_out", 409, _("So many are not left of this presale.")
    exposes = ("left",)


class PresaleLimitReached(DomainError):
    code, status, message = "presale_limit_reached", 409, _("You may order {limit} of these in this presale.")
    exposes = ("limit",)
