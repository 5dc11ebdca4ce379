"""The demo shop's reports of the last whole day, week and month."""

from datetime import datetime

from analytics.reports.models import Kind, Report
from analytics.reports.periods import whole_periods
from analytics.reports.services import make_report
from shop.core.clock import business_day


def load(*, size: str, now: datetime) -> str:
    for kind in Kind:
        [(first, last)] = whole_periods(kind, after=None, until=business_day(now), most=1)
        make_report(kind=kind, first=first, last=last, is_sent=False, now=now)
    return f"{Report.objects.count()} reports"
