from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngineConfig(AppConfig):
    name = "analytics.engine"
    label = "analytics_engine"
    verbose_name = _("Analytics")
