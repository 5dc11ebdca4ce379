"""Why points could not be moved."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class InsufficientPoints(DomainError):
    code, status = "insufficient_points", 409
    message = _("There are {available} points available, {wanted} are needed.")
    exposes = ("available", "wanted")


class PointReferenceUsed(DomainError):
    code, status, message = "point_reference_used", 409, _("This reference was booked for something else.")


class PointTransactionUnknown(DomainError):
    code, status, message = "point_transaction_unknown", 404, _("There is no such movement of points.")


class HoldEnded(DomainError):
    code, status, message = "point_hold_ended", 409, _("These points are not held any more.")


class MoreThanSpent(DomainError):
    code, status, message = "more_points_than_spent", 409, _("Only {left} of these points are left to give back.")
    exposes = ("left",)


class MoreThanGranted(DomainError):
    code, status, message = "more_points_than_granted", 409, _("Only {left} of these points are left to take back.")
    exposes = ("left",)


class ExpiryPolicyInvalid(DomainError):
    code, status, message = "expiry_policy_invalid", 409, _("These rules of expiry are not complete.")


class NotWaitingForApproval(DomainError):
    code, status, message = "points_not_waiting", 409, _("This has been decided already.")


class SecondPersonNeeded(DomainError):
    code, status, message = "second_person_needed", 409, _("Somebody else must approve what you have requested.")
