"""What the merchant may change about invoices."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

INVOICE_DAYS = whole_number(
    "invoices.days",
    default=365,
    minimum=1,
    maximum=3_650,
    label=_("Days after payment in which an invoice can be asked for"),
)
