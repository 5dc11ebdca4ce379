"""Refusals of allocation."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class AlreadyShipped(DomainError):
    code, status, message = "already_shipped", 409, _("Parcels of this order are on their way.")


class AllocationNotOpen(DomainError):
    code, status, message = "allocation_not_open", 409, _("These units are not allocated to the order any more.")


class PackedElsewhere(DomainError):
    code, status, message = "packed_elsewhere", 409, _("Only parcels of one order and one warehouse go together.")


class UnitsDiffer(DomainError):
    code, status, message = "units_differ", 409, _("The parcels must hold exactly what was to be sent.")


class BeingPicked(DomainError):
    code, status, message = "allocation_being_picked", 409, _("The warehouse is picking it already.")


class SameWarehouse(DomainError):
    code, status, message = "allocation_same_warehouse", 409, _("It is to be sent from there already.")


class RejectedUnits(DomainError):
    code, status, message = (
        "rejected_units",
        409,
        _("Say how many units of which SKU are missing or damaged, and no more than were to be sent."),
    )


class NothingToUndo(DomainError):
    code, status, message = "allocation_nothing_to_undo", 409, _("There is nothing to take back any more.")


class NotKept(DomainError):
    code, status, message = "decision_not_kept", 404, _("What this decision depended on is not kept any more.")


class PolicyNotDraft(DomainError):
    code, status, message = "policy_not_draft", 409, _("Only a draft can be published or changed.")
