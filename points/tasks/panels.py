"""What a member's page shows of check-ins and tasks."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from points.tasks.models import TaskCompletion
from points.tasks.queries import latest_check_in, streak_on
from shop.core import clock
from shop.core.clock import business_day


def tasks_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("tasks.view_taskcompletion"):
        return None
    done = TaskCompletion.objects.filter(member=member).select_related("task").order_by("-pk")[:SHOWN]
    latest = latest_check_in(member_id=member.pk)
    streak = streak_on(latest=latest, today=business_day(clock.now()))
    said = ngettext("{count} day of check-in in a row", "{count} days of check-in in a row", streak)
    page = reverse("admin:tasks_checkin_changelist")
    return MemberPanel(
        _("Check-in and tasks"),
        [_("task"), _("period"), _("points"), _("completed at")],
        [[str(each.task), each.period_key, f"{each.points:,}", when(each.completed_at)] for each in done],
        summary=said.format(count=streak),
        links=[(_("Check-ins"), f"{page}?member__id__exact={member.pk}")] if latest else [],
    )
