"""Why somebody cannot sell, or not have their commission yet."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class NotDistributor(DomainError):
    code, status, message = "not_distributor", 403, _("You are not a distributor of this shop.")


class JoiningClosed(DomainError):
    code, status, message = "distribution_closed", 409, _("The shop takes no distributors at the moment.")


class SpendMore(DomainError):
    """`missing_fen` more, of orders that are completed."""

    code, status, message = "distribution_spend_more", 409, _("Only members who have bought enough may join.")
    exposes = ("missing_fen",)


class AlreadyJoined(DomainError):
    code, status, message = "distribution_joined_already", 409, _("You have joined or applied already.")


class ApplicationNotOpen(DomainError):
    code, status, message = "application_not_open", 409, _("This application has been decided already.")


class StandingNotChanged(DomainError):
    code, status, message = "standing_not_changed", 409, _("This cannot be done as the distributor stands now.")


class DistributorNotFound(DomainError):
    code, status, message = "distributor_not_found", 404, _("Nobody sells under this code.")


class BindingEnded(DomainError):
    code, status, message = "binding_ended", 409, _("This member is nobody's customer any more.")


class SaleNotHeld(DomainError):
    code, status, message = "sale_not_held", 409, _("Only an order that is held can be decided.")
