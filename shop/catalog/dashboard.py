"""The catalogue on the admin's home."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shop.catalog.options import format_options
from shop.catalog.replenishment import low_stock, with_suggestion
from shop.core.dashboard import ListPanel

SHOWN = 10


def low_stock_panel(request: HttpRequest) -> ListPanel | None:
    """The SKUs on the shelf that run lowest, with how many to order."""
    if not request.user.has_perm("catalog.view_skustock"):
        return None
    stock = with_suggestion(low_stock()).select_related("sku__product").order_by("available", "pk")[:SHOWN]
    rows = [
        (
            row.sku.product.name,
            f"{row.sku.code} {format_options(row.sku.options)}".strip(),
            str(row.available),
            str(row.suggested),
        )
        for row in stock
    ]
    if not rows:
        return None
    return ListPanel(
        title=_("Stock runs low"),
        headers=[_("Product"), _("SKU"), _("Available"), _("Suggested order")],
        rows=rows,
        link=reverse("admin:catalog_skustock_changelist") + "?level=low",
    )
