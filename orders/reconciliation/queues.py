"""Differences between bills and books that nobody has explained yet."""

from django.utils.translation import gettext_lazy as _

from orders.reconciliation.models import Difference, DifferenceState
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="reconciliation.difference",
        label=_("Differences with bills"),
        permission="reconciliation.change_difference",
        waiting=lambda now: [Difference.objects.filter(state=DifferenceState.OPEN)],
        since="found_at",
        page="reconciliation_difference_changelist",
        where="state__exact=open",
        icon="difference",
        is_urgent=True,
    ),
)
