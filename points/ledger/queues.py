"""Points by hand above the limit: somebody else decides."""

from django.utils.translation import gettext_lazy as _

from points.ledger.models import ManualGrant
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="ledger.grant",
        label=_("Points by hand to approve"),
        permission="ledger.change_manualgrant",
        waiting=lambda now: [ManualGrant.objects.filter(status=ManualGrant.Status.WAITING)],
        since="requested_at",
        page="ledger_manualgrant_changelist",
        where="status__exact=waiting",
        icon="back_hand",
    ),
)
