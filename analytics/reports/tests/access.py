from datetime import date

from analytics.reports.figures import content_of
from analytics.reports.models import Kind, Report
from analytics.traffic.queries import Slice
from members.identity.models import Member
from shop.core import clock
from tests.access import Door, Thing, Who

READERS = ("owner", "operator", "finance", "analyst")


def _report(member: Member) -> Thing:
    day = date(2026, 5, 4)
    report, _ = Report.objects.get_or_create(
        kind=Kind.DAILY,
        first=day,
        defaults={"last": day, "content": content_of(Slice(day, day)), "made_at": clock.now()},
    )
    return Thing({"report_id": report.pk}, report)


DOORS = (
    Door("GET", "staff/analytics/summary", Who.STAFF, roles=READERS),
    Door("GET", "staff/analytics/reports", Who.STAFF, roles=READERS),
    Door("GET", "staff/analytics/reports/<int:report_id>", Who.STAFF, thing=_report, roles=READERS),
)
