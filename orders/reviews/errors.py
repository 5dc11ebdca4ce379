"""Why a review was not taken or cannot be changed."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class LineNotFound(DomainError):
    code, status, message = "order_line_not_found", 404, _("The order has no such line.")


class LineNotReviewable(DomainError):
    """`data.reason` is `not_received`, `gift`, `refunded`, `reviewed` or `too_late`."""

    code, status, exposes = "line_not_reviewable", 409, ("reason",)
    message = _("This cannot be reviewed now.")


class ReviewNotFound(DomainError):
    code, status, message = "review_not_found", 404, _("There is no such review.")


class FollowUpNotPossible(DomainError):
    """`data.reason` is `not_shown`, `followed_up` or `too_late`."""

    code, status, exposes = "follow_up_not_possible", 409, ("reason",)
    message = _("Nothing can be added to this review now.")


class ReviewWithdrawn(DomainError):
    code, status, message = "review_withdrawn", 409, _("This review has been withdrawn already.")
