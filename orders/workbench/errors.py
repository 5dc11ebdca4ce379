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


class NothingToCancel(DomainError):
    code, status, message = "nothing_to_cancel", 409, _("These orders are all cancelled already.")


class TooManyOrders(DomainError):
    code, status, message = "too_many_orders", 409, _("More than {most} orders at once: narrow the filter.")


class PriceBelowZero(DomainError):
    code, status, message = (
        "price_below_zero",
        409,
        _("A line costs nothing at the least and the shop's price at most."),
    )


class PriceBelowDeposit(DomainError):
    code, status = "price_below_deposit", 409
    message = _("The goods cost more than the deposit of {deposit}, which is agreed on already.")


class RefundAskedFor(DomainError):
    code, status, message = "refund_asked_for", 409, _("A refund is asked for.")


class PriceUnchanged(DomainError):
    code, status, message = "price_unchanged", 409, _("That is the price already.")


class PriceNotChangeable(DomainError):
    code, status, message = "price_not_changeable", 409, _("Only the price of an unpaid order can be changed.")


class PriceChangeDecided(DomainError):
    code, status, message = "price_change_decided", 409, _("This price change is decided already.")


class PriceChangeOvertaken(DomainError):
    """The order costs something else by now than when the change was asked for."""

    code, status, message = "price_change_overtaken", 409, _("The price has changed since; ask for it anew.")


class SecondPersonDecides(DomainError):
    code, status, message = "second_person_decides", 403, _("Somebody else has to decide about it.")


class RecipientNotChangeable(DomainError):
    code, status, message = "recipient_not_changeable", 409, _("Only what has not been shipped can go elsewhere.")


class RegionUnknown(DomainError):
    code, status, message = "region_unknown", 409, _("Choose a district.")
