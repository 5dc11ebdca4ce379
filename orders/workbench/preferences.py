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
