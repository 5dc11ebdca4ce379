"""Files with points for many members that wait for somebody else's approval."""

from django.utils.translation import gettext_lazy as _

from points.accounts.models import GrantFile
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="accounts.file",
        label=_("Gifts of points by file to approve"),
        permission="accounts.change_grantfile",
        waiting=lambda now: [GrantFile.objects.filter(status=GrantFile.Status.WAITING)],
        since="requested_at",
        page="accounts_grantfile_changelist",
        where="status__exact=waiting",
        icon="upload_file",
    ),
)
