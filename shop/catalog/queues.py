"""What is sold and runs low."""

from django.utils.translation import gettext_lazy as _

from shop.catalog.replenishment import low_stock
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="catalog.low",
        label=_("SKUs that run low"),
        permission="catalog.change_skustock",
        waiting=lambda now: [low_stock()],
        page="catalog_skustock_changelist",
        where="level=low",
        icon="inventory",
    ),
)
