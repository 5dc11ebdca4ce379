"""Why points could not be given or taken."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class TransfersClosed(DomainError):
    code, status, message = "transfers_closed", 409, _("Points cannot be given to others now.")


class TransferNeedsPhone(DomainError):
    code, status, message = "transfer_needs_phone", 409, _("Verify your phone number first.")


class TransferToSelf(DomainError):
    code, status, message = "transfer_to_self", 409, _("Points go to somebody else.")


class TransferTooSmall(DomainError):
    code, status, exposes = "transfer_too_small", 409, ("minimum",)
    message = _("Give at least {minimum} points.")


class TransferCapReached(DomainError):
    """`data.left` is what may still be given; `data.period` is `transfer`, `day` or `month`."""

    code, status, exposes = "transfer_cap_reached", 409, ("left", "period")
    message = _("At most {left} points can be given now.")


class TooManyTransfers(DomainError):
    code, status, message = "too_many_transfers", 409, _("You have given often enough today. Try again tomorrow.")


class TransferNotFound(DomainError):
    code, status, message = "transfer_not_found", 404, _("There is no such transfer.")


class TransferEnded(DomainError):
    """`data.status` tells how."""

    code, status, message = "transfer_ended", 409, _("This transfer has ended already.")
    exposes = ("status",)


class TransferOnHold(DomainError):
    code, status, message = "transfer_on_hold", 409, _("This transfer cannot be accepted now.")


class ReceivingCapReached(DomainError):
    code, status, exposes = "receiving_cap_reached", 409, ("left",)
    message = _("You can receive {left} more points this month.")
