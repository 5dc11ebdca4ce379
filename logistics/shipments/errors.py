"""Refusals of shipments and of courier callbacks."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class UnknownShipment(DomainError):
    code, status, message = "unknown_shipment", 404, _("There is no such parcel.")


class NotShippable(DomainError):
    code, status, message = "shipment_not_shippable", 409, _("A parcel that is {state} cannot be shipped.")


class NotUnderWay(DomainError):
    code, status, message = "shipment_not_under_way", 409, _("A parcel that is {state} is not on its way.")


class TrackingNumberRequired(DomainError):
    code, status, message = "tracking_number_required", 409, _("Enter a carrier and a tracking number.")


class TrackingNumberUsed(DomainError):
    code, status, message = "tracking_number_used", 409, _("Another parcel has this tracking number.")


class ForgedCallback(DomainError):
    code, status, message = "invalid_signature", 401, _("The signature is not valid.")


class CourierUnavailable(DomainError):
    """The gateway did not answer or failed; trying again may help."""

    code, status, message = "courier_unavailable", 503, _("The courier gateway does not answer.")


class CourierRefused(DomainError):
    """The gateway understood and said no; trying the same again is useless."""

    code, status, message = "courier_refused", 409, _("The courier refused: {reason}")
