"""What the merchant may change about notifications."""

from django.utils.translation import gettext_lazy as _

from members.notifications.events import Channel
from shop.core.preferences import switch, whole_number

QUIET_FROM_HOUR = whole_number(
    "notifications.quiet_from_hour",
    default=22,
    maximum=23,
    label=_("Quiet hours from"),
    help_text=_("Full hour in Asia/Shanghai. The inbox is never quiet. The same hour twice means no quiet hours."),
)
QUIET_UNTIL_HOUR = whole_number("notifications.quiet_until_hour", default=8, maximum=23, label=_("Quiet hours until"))
QUIET_TRANSACTIONAL = switch(
    "notifications.quiet_transactional",
    default=False,
    label=_("Quiet hours hold for transactional messages too"),
    help_text=_("Without, only marketing waits until the morning."),
)
MARKETING_PER_DAY = {
    Channel.IN_APP: whole_number(
        "notifications.marketing_in_app_per_day", default=10, label=_("Marketing in the inbox per member and day")
    ),
    Channel.SMS: whole_number(
        "notifications.marketing_sms_per_day", default=1, label=_("Marketing SMS per member and day")
    ),
    Channel.SUBSCRIBE: whole_number(
        "notifications.marketing_subscribe_per_day",
        default=2,
        label=_("Marketing subscribe messages per member and day"),
    ),
}
