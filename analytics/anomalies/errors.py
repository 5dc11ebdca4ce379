"""Refusals of this room."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class AnomalyIsOver(DomainError):
    code, message = "anomaly_is_over", _("It is over already.")
