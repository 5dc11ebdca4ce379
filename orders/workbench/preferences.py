"""Numbers the merchant sets for the order desk."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

EXPORT_DAYS = whole_number(
    "orders.export_days",
    default=7,
    minimum=1,
    maximum=90,
    label=_("Days that exported files of orders are kept"),
    help_text=_("Then they are deleted; who asked for which stays on record."),
)
PRICE_CHANGE_ALONE = whole_number(
    "orders.price_change_alone",
    default=100,
    maximum=1_000_000,
    label=_("Yuan that one person may take off an unpaid order"),
    help_text=_("Above it a second person has to agree, freight included."),
)
