from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WechatShippingConfig(AppConfig):
    name = "orders.wechat_shipping"
    label = "wechat_shipping"
    verbose_name = _("Shipping told to WeChat")
