"""Check-ins on the admin's home and above their list: the last thirty days as a chart."""

from datetime import timedelta

from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from points.tasks.models import CheckIn
from shop.core import clock
from shop.core.clock import business_day
from shop.core.dashboard import ChartPanel

DAYS = 30


def check_ins_panel(request: HttpRequest) -> ChartPanel | None:
    """Members who checked in on each Shanghai day, and those of them for whom it was the seventh day in a row or later;
    days that were made up for are not counted."""
    if not request.user.has_perm("tasks.view_checkin"):
        return None
    today = business_day(clock.now())
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    rows = CheckIn.objects.filter(day__gte=days[0], made_up_on=None).order_by().values_list("day")
    week = Q(run_from__lte=F("day") - timedelta(days=6))
    counts = {day: (all_, loyal) for day, all_, loyal in rows.annotate(Count("pk"), loyal=Count("pk", filter=week))}
    if not counts:
        return None
    return ChartPanel(
        title=_("Check-ins in the last 30 days, and how many of them a week in a row or longer"),
        kind="line",
        labels=[f"{day:%m-%d}" for day in days],
        series={
            _("Check-ins"): [counts.get(day, (0, 0))[0] for day in days],
            _("A week in a row or longer"): [counts.get(day, (0, 0))[1] for day in days],
        },
    )
