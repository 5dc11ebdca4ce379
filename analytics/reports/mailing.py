"""Reports go out by mail: taken in one transaction, sent outside of any, recorded in another.

Taking moves `due_at` ahead, so one worker at a time sends a mail and a killed one's comes back. Passing failures are
tried again with growing pauses; what has failed for good is an alert until somebody tries again.
"""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from analytics.reports.files import PDF, XLSX, pdf_of, xlsx_of
from analytics.reports.models import Mailing, Report
from analytics.reports.presenting import NOTHING, figures_of
from members.notifications.senders import email
from members.notifications.senders.base import Attachment, Message, NotSent
from shop.catalog.preferences import SHOP_NAME
from shop.core.alerts import alert_while
from shop.core.models import StaffUser
from shop.core.transactions import use_case

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
MAX_ATTEMPTS = 8
SWEEP_SECONDS = 45.0
PERMISSION = "reports.view_report"
ALERT = "reports:not_mailed"

Status = Mailing.Status
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """A mail that is ours to send; `attempt` tells our lease from a later one."""

    mailing_id: int
    attempt: int
    report: Report
    account: StaffUser


def mail_due(*, now: datetime) -> Counter[str]:
    """Returns how many ended how."""
    ends, outcomes = time.monotonic() + SWEEP_SECONDS, Counter[str]()
    while time.monotonic() < ends and (taken := take_mailing(now=now)):
        outcomes[_send(taken, now)] += 1
    return outcomes


def pause_after(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * 4 ** (attempts - 1), LONGEST_PAUSE)


@use_case
def take_mailing(*, now: datetime) -> Taken | None:
    """The next that is due."""
    due = Mailing.objects.filter(status=Status.QUEUED, due_at__lte=now).order_by("due_at", "pk")
    row = due.select_related("report", "staff").select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
    if row is None:
        return None
    row.attempts += 1
    row.due_at = now + pause_after(row.attempts)
    row.save(update_fields=["attempts", "due_at"])
    return Taken(row.pk, row.attempts, row.report, row.staff)


@use_case
def send_again(*, mailing_id: int, now: datetime) -> bool:
    """False where nothing has failed."""
    again = Mailing.objects.filter(pk=mailing_id, status__in=[Status.FAILED, Status.WITHHELD]).update(
        status=Status.QUEUED, attempts=0, due_at=now, error_code=""
    )
    _tell_of_failures(now)
    return bool(again)


def _send(taken: Taken, now: datetime) -> str:
    if not (taken.account.is_active and taken.account.email and taken.account.has_perm(PERMISSION)):
        return _record(taken, Status.WITHHELD, "no_permission", now)
    try:
        email.send(_message(taken))
    except NotSent as failure:
        log.warning("report_not_mailed", report=taken.report.pk, code=failure.code)
        over = not failure.retryable or taken.attempt >= MAX_ATTEMPTS
        return _record(taken, Status.FAILED if over else Status.QUEUED, failure.code, now)
    return _record(taken, Status.SENT, "", now)


@use_case
def _record(taken: Taken, status: str, code: str, now: datetime) -> str:
    """What became of it, unless somebody else has it by now."""
    values = {"status": status, "error_code": code[:60], "sent_at": now if status == Status.SENT else None}
    Mailing.objects.filter(pk=taken.mailing_id, attempts=taken.attempt, status=Status.QUEUED).update(**values)
    _tell_of_failures(now)
    return status


def _tell_of_failures(now: datetime) -> None:
    failed = Mailing.objects.filter(status=Status.FAILED).count()
    alert_while(
        failed,
        cause=ALERT,
        message=gettext_noop("{count} reports could not be mailed"),
        link=reverse("admin:reports_mailing_changelist") + "?status__exact=failed",
        permission=PERMISSION,
        now=now,
    )


def _message(taken: Taken) -> Message:
    report = taken.report
    with override(settings.LANGUAGE_CODE):
        title = str(report)
        return Message(
            address=taken.account.email,
            title=_("{shop}: {report}").format(shop=SHOP_NAME.value(), report=title),
            text="\n".join(_lines(report)),
            reference=f"report-{report.pk}-{taken.account.pk}",
            attachments=[
                Attachment(file_name(report, "pdf"), pdf_of(title, report.content), PDF),
                Attachment(file_name(report, "xlsx"), xlsx_of(report.content), XLSX),
            ],
        )


def file_name(report: Report, ending: str) -> str:
    return f"{report.kind}-{report.first}.{ending}"


def _lines(report: Report) -> list[str]:
    """The figures in the mail itself, for who reads it on the way."""
    lines = []
    for section in figures_of(report.content):
        lines.append(section.title)
        for name, value, _before, told in section.shown:
            lines.append(f"  {name}: {value}" + ("" if told == NOTHING else f" ({told})"))
        lines.append("")
    return [*lines, settings.BASE_URL + reverse("admin:reports_report_change", args=[report.pk])]
