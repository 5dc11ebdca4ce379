"""Refusals of promotions at checkout."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class PromotionsChanged(DomainError):
    code, status, message = (
        "promotions_changed",
        409,
        _("What you are offered has changed. Please check the price again."),
    )


class MorePointsThanPaid(DomainError):
    code, status = "more_points_than_paid", 409
    message = _("Only {left} points of this order are left to give back.")
    exposes = ("left",)
