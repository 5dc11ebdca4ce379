"""Figures out of the ordinary that nobody has looked at."""

from django.utils.translation import gettext_lazy as _

from analytics.anomalies.models import Anomaly
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="anomalies.open",
        label=_("Figures out of the ordinary"),
        permission="anomalies.view_anomaly",
        waiting=lambda now: [Anomaly.objects.filter(closed_at=None, acknowledged_at=None)],
        since="opened_at",
        page="anomalies_anomaly_changelist",
        where="closed_at__isnull=True&acknowledged_at__isnull=True",
        icon="crisis_alert",
        is_urgent=True,
    ),
)
