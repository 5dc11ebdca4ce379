"""Scheduled work of this room."""

from datetime import datetime, timedelta

from analytics.reports.mailing import mail_due
from analytics.reports.services import forget_reports, make_due_reports
from shop.core.jobs import Effect, job


@job("reports.make", every=timedelta(minutes=10))
def make(now: datetime) -> Effect:
    return {"evaluated": make_due_reports(now=now)}


@job("reports.mail", every=timedelta(minutes=1))
def mail(now: datetime) -> Effect:
    outcomes = mail_due(now=now)
    return {"mailed": outcomes["sent"], "failed": outcomes["failed"], "retried": outcomes["queued"]}


@job("reports.tidy", at=(4, 40))
def tidy(now: datetime) -> Effect:
    return {"forgotten": forget_reports(now=now)}
