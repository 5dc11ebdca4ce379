"""Orders that nobody has fetched in time."""

from django.utils.translation import gettext_lazy as _

from orders.verification.services.pickups import waiting
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="verification.overdue",
        label=_("Orders not fetched in time"),
        permission="verification.change_pickup",
        waiting=lambda now: [waiting().filter(fetch_by__lte=now)],
        since="fetch_by",
        page="verification_pickup_changelist",
        where="state=overdue",
        icon="shopping_bag",
    ),
)
