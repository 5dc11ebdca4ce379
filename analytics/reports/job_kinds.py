"""Reports on their way to the staff, as the job centre shows them."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.reports.mailing import send_again
from analytics.reports.models import Mailing
from shop.core.actors import Actor
from shop.core.job_centre import CannotBeRetried, JobKind, Progress, State

STATES = {
    Mailing.Status.QUEUED: State.QUEUED,
    Mailing.Status.SENT: State.DONE,
    Mailing.Status.FAILED: State.FAILED,
    Mailing.Status.WITHHELD: State.STOPPED,
}


def _of_mailing(mailing: Mailing) -> Progress:
    state = STATES[Mailing.Status(mailing.status)]
    tries = _("tries: {count}").format(count=mailing.attempts)
    return Progress(
        state,
        said=" · ".join(filter(None, [str(mailing.get_status_display()), tries, mailing.error_code])),
        result=reverse("admin:reports_report_xlsx", args=[mailing.report_id]),
        can_retry=state in (State.FAILED, State.STOPPED),
    )


def _again(*, pk: int, actor: Actor, now: datetime) -> Any:
    if not send_again(mailing_id=pk, now=now):
        raise CannotBeRetried


KINDS = [
    JobKind(
        name="report",
        title=gettext_lazy("Report by mail"),
        model=Mailing,
        asked_at="report__made_at",
        asked_by="staff",
        progress=_of_mailing,
        acts_with=["reports.change_mailing"],
        name_of=lambda mailing: str(mailing.report),
        retry=_again,
        related=["report", "staff"],
        left_out=["report__content"],
    )
]
