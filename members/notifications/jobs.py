"""Scheduled work of this room."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from members.notifications.services import deliver_due
from members.notifications.services.alerts import mail_alerts
from members.notifications.services.inbox import forget_notifications
from shop.core.jobs import job

KEPT_DAYS = timedelta(days=365)


@job("notifications.send_due", every=timedelta(minutes=1))
def send_due(now: datetime) -> Mapping[str, int]:
    return deliver_due(now=now)


@job("notifications.mail_alerts", every=timedelta(minutes=5))
def mail_new_alerts(now: datetime) -> Mapping[str, int]:
    return {"mailed": mail_alerts(now=now)}


@job("notifications.tidy", at=(4, 10))
def tidy(now: datetime) -> Mapping[str, int]:
    return {"notifications": forget_notifications(before=now - KEPT_DAYS)}
