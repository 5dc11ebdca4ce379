"""What the merchant may change about shipping that WeChat is told of."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

ON = switch(
    "wechat_shipping.on",
    default=True,
    label=_("Tell WeChat how goods travel"),
    help_text=_("Mini-programs whose payments WeChat settles after delivery must; their money stays frozen otherwise."),
)
ALARM_HOURS = whole_number(
    "wechat_shipping.alarm_hours",
    default=12,
    minimum=1,
    maximum=72,
    label=_("Hours until shipping that WeChat does not know of raises an alarm"),
)
