"""Refusals of reconciliation."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class DayNotOver(DomainError):
    code, status, message = "reconciliation_day_not_over", 409, _("There is no bill of a day that is not over.")


class ReasonRequired(DomainError):
    code, status, message = "difference_reason_required", 400, _("Please say why.")
