"""The alerts of the admin's home, mailed to the staff whom they concern: each once."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext, override

from members.notifications.notices import STAFF_ALERT
from members.notifications.services.notifying import notify_staff
from shop.core.models import Alert
from shop.core.transactions import use_case


def mail_alerts(*, now: datetime) -> int:
    """Tell of every alert that is open; returns how many mails are new."""
    return sum(_mail(alert, now) for alert in Alert.objects.order_by("raised_at"))


@use_case
def _mail(alert: Alert, now: datetime) -> int:
    with override(settings.LANGUAGE_CODE):
        message = gettext(alert.message).format(**alert.data)
    told = notify_staff(
        event=STAFF_ALERT,
        permission=alert.permission,
        context={"message": message, "link": settings.BASE_URL + (alert.link or "/admin/")},
        # An alert that went away and came back is news again.
        dedupe_key=f"{alert.cause[:120]}@{alert.raised_at:%Y%m%d%H%M%S%f}",
        now=now,
    )
    return len(told)
