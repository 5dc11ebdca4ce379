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
    code, status, message = "sale_not_held", 409, _("Only an order that is held can be cleared.")


class SaleRefused(DomainError):
    code, status, message = "sale_refused", 409, _("The commission of this order has been refused already.")


class SaleNotRefused(DomainError):
    code, status, message = "sale_not_refused", 409, _("The commission of this order was not refused.")


class WithdrawalNotFound(DomainError):
    code, status, message = "withdrawal_not_found", 404, _("This withdrawal does not exist.")


class WithdrawalNotOpen(DomainError):
    code, status, message = "withdrawal_not_open", 409, _("This withdrawal can no longer be changed in this way.")


class DistributorNotSelling(DomainError):
    code, status, message = "distributor_not_selling", 409, _("This distributor is paused or sells no more.")


class CommissionOwed(DomainError):
    """More was taken back than was left; what is reserved is all there is to take it from."""

    code, status, message = (
        "commission_owed",
        409,
        _("Commission was taken back that the distributor still owes: refuse this, or wait until it is earned again."),
    )
    exposes = ("owed_fen",)


class WithdrawMoreThanThere(DomainError):
    code, status, message = "withdraw_more_than_there", 409, _("Less than that can be withdrawn.")
    exposes = ("available_fen",)


class WithdrawalTooSmall(DomainError):
    code, status, message = "withdrawal_too_small", 409, _("Withdraw more at once.")
    exposes = ("smallest_fen",)


class WithdrawalTooLarge(DomainError):
    code, status, message = "withdrawal_too_large", 409, _("Withdraw less at once.")
    exposes = ("most_fen",)


class PayoutMethodUnavailable(DomainError):
    code, status, message = "payout_method_unavailable", 409, _("Commission cannot be paid in this way.")


class PayoutUnavailable(DomainError):
    """No answer, or none that can be believed: nothing is known about what the payment service did."""

    code, status, message = "payout_unavailable", 503, _("The payment service does not answer. Please retry.")


class PayoutRefused(DomainError):
    """The payment service understood and said no; `gateway_code` is its word for it."""

    code, status, message = "payout_refused", 409, _("The payment service refused the request ({gateway_code}).")


class PayoutMismatch(DomainError):
    """A genuine message whose facts are not those of the withdrawal that it names; nothing was changed."""

    code, status, message = "payout_mismatch", 409, _("The notification does not match the withdrawal.")


class LeaderboardNotFound(DomainError):
    code, status, message = "leaderboard_not_found", 404, _("This leaderboard does not exist.")


class RanksChanged(DomainError):
    """Somebody has corrected them, or an order has changed, since they were looked at."""

    code, status, message = "ranks_changed", 409, _("The ranks have changed. Look at them again.")
