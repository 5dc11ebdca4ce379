from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GroupBuyConfig(AppConfig):
    name = "promotions.group_buy"
    label = "group_buy"
    verbose_name = _("Group buys")
