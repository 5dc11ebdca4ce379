from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AfterSalesConfig(AppConfig):
    name = "orders.after_sales"
    label = "after_sales"
    verbose_name = _("After-sales")
