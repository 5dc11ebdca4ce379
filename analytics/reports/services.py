"""Reports are made: once for each period, missed ones too, when everything of the period is counted."""

from datetime import date, datetime, timedelta

from django.db import connection

from analytics.buyers.jobs import COUNT_JOB
from analytics.events.dirty import FUNNEL, HEAT, TRAFFIC, rebuild_dirty
from analytics.funnel.rebuild import rebuild_funnel
from analytics.reports.figures import content_of
from analytics.reports.models import Kind, Mailing, Report, Subscription
from analytics.reports.periods import whole_periods
from analytics.reports.preferences import READY_HOUR
from analytics.traffic.queries import Slice
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic
from shop.core.clock import SHANGHAI, business_day, day_bounds
from shop.core.models import JobRun
from shop.core.transactions import use_case

# After a long rest only so many are made up for.
MOST = {Kind.DAILY: 31, Kind.WEEKLY: 8, Kind.MONTHLY: 12}
COUNT_SECONDS = 60.0
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"


def make_due_reports(*, now: datetime) -> int:
    """Returns how many were made: none before the hour, and none before the night has counted."""
    today = business_day(now)
    if now.astimezone(SHANGHAI).hour < READY_HOUR.value() or not _night_is_counted(today):
        return 0
    rebuild_dirty(kinds={TRAFFIC: rebuild_traffic, HEAT: rebuild_heat, FUNNEL: rebuild_funnel}, seconds=COUNT_SECONDS)
    made = 0
    for kind in Kind:
        last = Report.objects.filter(kind=kind).order_by("-first").values_list("first", flat=True).first()
        due = whole_periods(kind, after=last, until=today, most=MOST[kind])
        for first, end in due:
            # Those that are made up for are there to be read; only the latest is sent.
            made += make_report(kind=kind, first=first, last=end, is_sent=(first, end) == due[-1], now=now) is not None
    return made


@use_case
def make_report(*, kind: Kind, first: date, last: date, is_sent: bool, now: datetime) -> Report | None:
    """None where there is one of the period already, whoever makes it at the same moment."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"report:{kind}:{first}"])
    if Report.objects.filter(kind=kind, first=first).exists():
        return None
    report = Report.objects.create(
        kind=kind, first=first, last=last, content=content_of(Slice(first, last)), made_at=now
    )
    if is_sent:
        wanted = Subscription.objects.filter(kind=kind).values_list("staff", flat=True)
        Mailing.objects.bulk_create([Mailing(report=report, staff_id=pk, due_at=now) for pk in wanted])
    return report


@use_case
def subscribe(*, staff_id: int, kinds: set[str]) -> None:
    """These kinds and no others, from the next report on."""
    Subscription.objects.filter(staff=staff_id).exclude(kind__in=kinds).delete()
    wanted = [Subscription(staff_id=staff_id, kind=kind) for kind in Kind.values if kind in kinds]
    Subscription.objects.bulk_create(wanted, ignore_conflicts=True)


def forget_reports(*, now: datetime, days: int = 1200) -> int:
    """Daily ones after more than three years; weeks and months stay."""
    old = business_day(now) - timedelta(days=days)
    return Report.objects.filter(kind=Kind.DAILY, last__lt=old).delete()[0]


def _night_is_counted(today: date) -> bool:
    """Everything up to yesterday stands in the tables that reports read."""
    return JobRun.objects.filter(job=COUNT_JOB, succeeded_at__gte=day_bounds(today)[0]).exists()
