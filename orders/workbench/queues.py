"""Prices that wait for somebody else's approval."""

from django.utils.translation import gettext_lazy as _

from orders.workbench.models import PriceChange
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="workbench.price",
        label=_("Price changes to approve"),
        permission="workbench.change_pricechange",
        waiting=lambda now: [PriceChange.objects.filter(status=PriceChange.Status.WAITING)],
        since="asked_at",
        page="workbench_pricechange_changelist",
        where="status__exact=waiting",
        icon="price_change",
    ),
)
