"""Reports that did not reach whom they were for."""

from django.utils.translation import gettext_lazy as _

from analytics.reports.models import Mailing
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="reports.mail",
        label=_("Reports that could not be mailed"),
        permission="reports.view_mailing",
        waiting=lambda now: [Mailing.objects.filter(status=Mailing.Status.FAILED)],
        since="due_at",
        page="reports_mailing_changelist",
        where="status__exact=failed",
        icon="unsubscribe",
    ),
)
