"""What the merchant may change about reconciliation."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

BILL_HOUR = whole_number(
    "reconciliation.bill_hour",
    default=10,
    maximum=23,
    label=_("Hour at which bills are fetched"),
    help_text=_("Gateways have the bill of a day ready on the next morning: Alipay by nine, WeChat Pay by ten."),
)
ALERT_AFTER_HOURS = whole_number(
    "reconciliation.alert_after_hours",
    default=4,
    minimum=1,
    maximum=72,
    label=_("Hours after which a missing bill raises an alert"),
)
CATCH_UP_DAYS = whole_number(
    "reconciliation.catch_up_days",
    default=7,
    minimum=1,
    maximum=90,
    label=_("Days that are caught up with"),
    help_text=_("Days that were missed are reconciled when the shop runs again."),
)
