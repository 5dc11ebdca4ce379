"""Refusals of the order workbench."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class NothingToFilter(DomainError):
    code, status, message = "nothing_to_filter", 409, _("Choose something to filter by first.")


class FilterNameTaken(DomainError):
    code, status, message = "filter_name_taken", 409, _("You have a filter of this name already.")


class TooManyFilters(DomainError):
    code, status, message = "too_many_filters", 409, _("Keep at most {most} filters; delete one first.")


class FilterIsNotYours(DomainError):
    code, status, message = "filter_is_not_yours", 403, _("Only who made a filter may change or delete it.")


class NothingToShip(DomainError):
    code, status, message = "nothing_to_ship", 409, _("None of these orders has a parcel that can go now.")


class TooManyParcels(DomainError):
    code, status, message = "too_many_parcels", 409, _("More than {most} parcels at once: narrow the filter.")
