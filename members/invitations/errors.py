"""Why a share card or a review was refused."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class ShareTargetNotFound(DomainError):
    code, status, message = "share_target_not_found", 404, _("There is nothing to share here any more.")


class InvitationNotHeld(DomainError):
    code, status, message = "invitation_not_held", 409, _("Only an invitation that is held can be decided.")
