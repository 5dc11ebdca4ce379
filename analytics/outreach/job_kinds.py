"""Runs of outreach plans, as the job centre shows them. A run is held up and let go with its plan."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.outreach.admin.reading import shown_reason
from analytics.outreach.facts import RunGoesOn
from analytics.outreach.models import Arm, Contact, ContactStatus, PlanStatus, Run, RunStatus
from analytics.outreach.services.life import OPEN_RUNS, pause_plan, resume_plan
from shop.core.actors import Actor
from shop.core.job_centre import JobKind, Progress, State

STATES = {
    RunStatus.WAITING: State.QUEUED,
    RunStatus.RUNNING: State.RUNNING,
    RunStatus.DONE: State.DONE,
    RunStatus.STOPPED: State.STOPPED,
    RunStatus.UNDOING: State.RUNNING,
    RunStatus.UNDONE: State.STOPPED,
}


def _counted(pks: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Of each run, who waits and who was skipped."""
    treated = Contact.objects.filter(run__in=pks, arm=Arm.TREATED).values_list("run")
    counts = treated.annotate(
        waiting=Count("pk", filter=Q(status=ContactStatus.WAITING)),
        skipped=Count("pk", filter=Q(status=ContactStatus.SKIPPED)),
    )
    return {run_id: (waiting, skipped) for run_id, waiting, skipped in counts}


def _of_run(run: Run, counts: tuple[int, int] | None) -> Progress:
    left, skipped = counts or (0, 0)
    open_now, held = run.status in OPEN_RUNS, run.plan.status == PlanStatus.PAUSED
    total = run.treated
    said = _("{done} of {total} members").format(done=total - left, total=total)
    means = _("Hold up with {left} of {total} members left? Who has been reached keeps what they got.")
    return Progress(
        State.STOPPED if open_now and held else STATES[RunStatus(run.status)],
        done=total - left - skipped,
        refused=skipped,
        total=total or None,
        said=said,
        result=reverse("admin:outreach_run_result", args=[run.pk]) if run.chosen_at else "",
        means=means.format(left=left, total=total) if open_now and run.plan.status == PlanStatus.LIVE else "",
        can_retry=open_now and held,
    )


def _skipped(run: Run) -> Iterator[list[str]]:
    yield [_("member"), _("reason")]
    for contact in run.contacts.filter(status=ContactStatus.SKIPPED).order_by("pk").iterator(chunk_size=500):
        yield [str(contact.member_id), str(shown_reason(contact.reason))]


def _hold_up(*, pk: int, actor: Actor, now: datetime) -> None:
    pause_plan(plan_id=_plan_of(pk), actor=actor, now=now)


def _let_go(*, pk: int, actor: Actor, now: datetime) -> None:
    resume_plan(plan_id=_plan_of(pk), actor=actor, now=now)


def _plan_of(run_id: int) -> int:
    return Run.objects.values_list("plan_id", flat=True).get(pk=run_id)


KINDS = [
    JobKind(
        name="outreach-run",
        title=gettext_lazy("Outreach run"),
        model=Run,
        asked_at="due_at",
        asked_by="plan__created_by",
        progress=_of_run,
        acts_with=["outreach.change_plan"],
        name_of=lambda run: f"{run.plan} · {run.due_at:%Y-%m-%d}",
        stop=_hold_up,
        retry=_let_go,
        refusals=_skipped,
        counted=_counted,
        goes_on=(RunGoesOn, "run_id"),
        related=["plan"],
    )
]
