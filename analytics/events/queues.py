"""Events that fronts have sent wrongly since yesterday."""

from datetime import datetime, timedelta

from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from analytics.events.models import QuarantinedEvent
from shop.core.clock import business_day, day_bounds
from shop.core.queues import Queue


def _since(now: datetime) -> datetime:
    return day_bounds(business_day(now) - timedelta(days=1))[0]


QUEUES = (
    Queue(
        name="events.quarantined",
        label=_("Events refused since yesterday"),
        permission="events.view_quarantinedevent",
        waiting=lambda now: [QuarantinedEvent.objects.filter(received_at__gte=_since(now))],
        since="received_at",
        page="events_quarantinedevent_changelist",
        where=lambda now: urlencode({"received_at__gte": _since(now).isoformat()}),
        icon="bug_report",
    ),
)
