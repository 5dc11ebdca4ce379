"""What this room refuses."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class FilterIsEmpty(DomainError):
    code, status, message = "segment_filter_empty", 422, _("Say at least one thing that its members have in common.")


class FilterHoldsItself(DomainError):
    code, status, message = "segment_filter_circular", 422, _("A segment cannot be made of itself.")
