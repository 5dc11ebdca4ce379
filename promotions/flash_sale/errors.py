"""Why something could not be bought at the price of a flash sale."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class FlashSaleNotStarted(DomainError):
    code, status, message = "flash_sale_not_started", 409, _("This flash sale has not started yet.")


class FlashSaleOver(DomainError):
    code, status, message = "flash_sale_over", 409, _("This session of the flash sale is over.")


class FlashSaleSoldOut(DomainError):
    code, status, message = "flash_sale_sold_out", 409, _("Sold out. Unpaid orders may come back in a few minutes.")


class FlashSaleLimitReached(DomainError):
    code, status = "flash_sale_limit_reached", 409
    message = _("You have bought as many at this price as one may: {limit}.")
    exposes = ("limit",)


class RemindingTooLate(DomainError):
    code, status, message = "flash_sale_has_started", 409, _("It has started already: there is nothing to wait for.")
