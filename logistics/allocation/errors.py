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


class PolicyNotDraft(DomainError):
    code, status, message = "policy_not_draft", 409, _("Only a draft can be published or changed.")
