from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "orders.imports"
    label = "order_imports"
    verbose_name = _("Imported orders")
