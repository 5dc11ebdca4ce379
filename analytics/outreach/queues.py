"""Plans of outreach that wait for somebody else's approval, or were stopped by trouble."""

from django.utils.translation import gettext_lazy as _

from analytics.outreach.models import Plan, PlanStatus
from shop.core.queues import Queue

PAGE, CHANGE = "outreach_plan_changelist", "outreach.change_plan"

QUEUES = (
    Queue(
        name="outreach.approve",
        label=_("Outreach plans to approve"),
        permission=CHANGE,
        waiting=lambda now: [Plan.objects.filter(status=PlanStatus.AWAITING)],
        since="created_at",
        page=PAGE,
        where="status__exact=awaiting",
        icon="campaign",
    ),
    Queue(
        name="outreach.trouble",
        label=_("Outreach plans stopped by trouble"),
        permission=CHANGE,
        waiting=lambda now: [Plan.objects.filter(status=PlanStatus.PAUSED, trouble__gt="")],
        since="created_at",
        page=PAGE,
        where="status__exact=paused&trouble__gt=",
        icon="running_with_errors",
        is_urgent=True,
    ),
)
