"""What the merchant may change about recommendations."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

IS_ON = switch(
    "recommendations.is_on",
    default=True,
    label=_("Recommend what others bought together"),
    help_text=_("Off: fronts get best sellers instead, and nobody's purchases are used."),
)
DAYS = whole_number(
    "recommendations.days",
    default=365,
    minimum=7,
    maximum=1095,
    label=_("Days of purchases that recommendations are made of"),
)
VIEW_DAYS = whole_number(
    "recommendations.view_days",
    default=30,
    minimum=1,
    maximum=365,
    label=_("Days of views that recommendations are made of"),
)
VIEW_PERCENT = whole_number(
    "recommendations.view_percent",
    default=20,
    maximum=100,
    label=_("What a view counts beside a purchase (percent)"),
    help_text=_("0: recommendations are made of purchases alone."),
)
NEIGHBOURS = whole_number(
    "recommendations.neighbours",
    default=50,
    minimum=5,
    maximum=200,
    label=_("Products kept as bought together with each"),
)
