"""Orders that no warehouse can send yet."""

from django.utils.translation import gettext_lazy as _

from logistics.allocation.models import FulfilmentRequest
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="allocation.waiting",
        label=_("Orders that wait for stock"),
        permission="allocation.change_fulfilmentrequest",
        waiting=lambda now: [FulfilmentRequest.objects.filter(status=FulfilmentRequest.Status.WAITING)],
        since="created_at",
        page="allocation_fulfilmentrequest_changelist",
        where="status__exact=waiting",
        icon="alt_route",
        is_urgent=True,
    ),
)
