from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeductionConfig(AppConfig):
    name = "points.deduction"
    label = "deduction"
    verbose_name = _("Paying with points")
