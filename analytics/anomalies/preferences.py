"""What the merchant may change about alarms."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

IS_ON = switch("anomalies.is_on", default=True, label=_("Watch orders, payments, bounces and stock every hour"))
DEVIATIONS = whole_number(
    "anomalies.deviations",
    default=3,
    minimum=2,
    maximum=10,
    label=_("Deviations from the usual that raise an alarm"),
    help_text=_("Fewer: more alarms. The usual is the median of the same hour of the week in eight weeks."),
)
LEAST_ORDERS = whole_number(
    "anomalies.least_orders", default=8, minimum=1, label=_("Orders usual in an hour for alarms about too few")
)
LEAST_PAYMENTS = whole_number(
    "anomalies.least_payments", default=20, minimum=5, label=_("Payments in an hour for alarms about failures")
)
LEAST_SESSIONS = whole_number(
    "anomalies.least_sessions", default=50, minimum=10, label=_("Sessions in an hour for alarms about bounces")
)
LEAST_STOCK_OUTS = whole_number(
    "anomalies.least_stock_outs", default=3, minimum=1, label=_("Products sold out beyond the usual for an alarm")
)
