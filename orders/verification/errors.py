"""Why a code was not verified, or a verification not undone."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CodeUnknown(DomainError):
    code, status = "verification_code_unknown", 404
    message = _("This code is not valid. Ask for it to be shown anew, and check every character.")


class TooManyWrongCodes(DomainError):
    code, status = "too_many_wrong_codes", 429
    message = _("Too many wrong codes. Wait a while, or ask a manager to let you go on.")


class AlreadyVerified(DomainError):
    code, status = "already_verified", 409
    message = _("This code was used before: {verified_at}, {store}, {verified_by}.")
    exposes = ("verified_at", "store", "verified_by")


class NoStore(DomainError):
    code, status = "no_store", 403
    message = _("You are not assigned to a store. Ask a manager to assign you.")


class StoreNotYours(DomainError):
    code, status, message = "store_not_yours", 403, _("You do not work in this store.")


class StoreRequired(DomainError):
    code, status, message = "store_required", 409, _("Choose the store in which you are.")


class OtherStore(DomainError):
    code, status, message = "other_store", 409, _("This belongs to another store: {store}.")
    exposes = ("store",)


class BillRequired(DomainError):
    code, status, message = "bill_required", 409, _("Enter the bill from which the coupon takes off.")


class PickupNotReady(DomainError):
    code, status, message = "pickup_not_ready", 409, _("This order is not there to be fetched: {state}.")


class PickupUnderAfterSale(DomainError):
    code, status = "pickup_under_after_sale", 409
    message = _("The member has asked for money back or an exchange. Hand nothing over until that is settled.")


class PickupNotFound(DomainError):
    code, status, message = "pickup_not_found", 404, _("No goods of this order wait in a store.")


class VerificationNotFound(DomainError):
    code, status, message = "verification_not_found", 404, _("This verification does not exist.")


class UndoTooLate(DomainError):
    code, status, message = "undo_too_late", 409, _("It can be undone within {minutes} minutes only.")


class UndoNotSafe(DomainError):
    code, status, message = "undo_not_safe", 409, _("This cannot be undone here: {why}")


class AlreadyUndone(DomainError):
    code, status, message = "already_undone", 409, _("This was undone before.")
