"""The job centre: what runs in the background on somebody's behalf, of all rooms, in one shape.

Rooms keep their works as they are and declare what they look like (`settings.JOB_KINDS`). Nothing is kept here: how far
a job is, whether it can be stopped or begun again, and what it refused are read from the room's own rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db.models import ForeignKey, Model, QuerySet, TextChoices
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import pgettext_lazy

from shop.core import outbox
from shop.core.actors import Actor, actor_in_words
from shop.core.errors import DomainError
from shop.core.events import Fact
from shop.core.models import OutboxEntry, StaffUser

SHOWN = 50
EVERYBODYS = "core.view_jobrun"


class State(TextChoices):
    ASKS = "asks", pgettext_lazy("job", "Waits for a person")
    QUEUED = "queued", pgettext_lazy("job", "Waiting")
    RUNNING = "running", pgettext_lazy("job", "Running")
    DONE = "done", pgettext_lazy("job", "Done")
    FAILED = "failed", pgettext_lazy("job", "Failed")
    STOPPED = "stopped", pgettext_lazy("job", "Stopped")


ACTIVE = (State.QUEUED, State.RUNNING)
NARROWED: Mapping[str, tuple[str, ...]] = {
    "active": (State.ASKS, *ACTIVE),
    "failed": (State.FAILED, State.STOPPED),
    "done": (State.DONE,),
}


class CannotBeStopped(DomainError):
    code, status = "job_cannot_be_stopped", 409
    message = pgettext_lazy("job", "This job is over, or cannot be stopped.")


class CannotBeRetried(DomainError):
    code, status = "job_cannot_be_retried", 409
    message = pgettext_lazy("job", "This job runs, or there is nothing left to do.")


@dataclass(frozen=True)
class Progress:
    """How far a job is. `done` and `refused` are parts of `total`; None where nobody knows how much there is.

    `means` says what stopping leaves behind, with its numbers; without it the job cannot be stopped.
    """

    state: State
    done: int = 0
    refused: int = 0
    total: int | None = None
    said: str = ""
    result: str = ""
    means: str = ""
    can_retry: bool = False

    @property
    def percent(self) -> int | None:
        if self.state == State.DONE:
            return 100
        if self.total is None:
            return None
        return min(100, 100 * (self.done + self.refused) // self.total) if self.total else 0


class Verb(Protocol):
    def __call__(self, *, pk: int, actor: Actor, now: datetime) -> Any: ...


@dataclass(frozen=True)
class JobKind:
    """A room's kind of job. `asked_by` is a column that names an actor, or who is of the staff.

    `counted` looks once for all rows of a page at what `progress` needs besides the row, by the row's id.

    `goes_on` is the fact that keeps it going, with the column of its payload that names the row: where the outbox has
    given up on it, the job has failed, and is retried by delivering the fact again.
    """

    name: str
    title: Any
    model: type[Model]
    asked_at: str
    asked_by: str
    progress: Callable[..., Progress]
    acts_with: Sequence[str]
    name_of: Callable[[Any], str] = str
    stop: Verb | None = None
    retry: Verb | None = None
    refusals: Callable[[Any], Iterator[list[str]]] | None = None
    goes_on: tuple[type[Fact], str] | None = None
    counted: Callable[[Sequence[int]], Mapping[int, Any]] | None = None
    related: Sequence[str] = ()
    left_out: Sequence[str] = ()

    @property
    def sees_with(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    @property
    def is_staff_column(self) -> bool:
        return isinstance(self.model._meta.get_field(self.asked_by.split("__")[0]), ForeignKey) and (
            "__" not in self.asked_by
        )

    def rows(self, user: Any) -> QuerySet[Any]:
        """Those that somebody sees: their own, or all of them."""
        found = self.model._default_manager.select_related(*self.related).defer(*self.left_out)
        if user.has_perm(EVERYBODYS):
            return found
        mine = user.pk if self.is_staff_column else str(Actor.staff(user.get_username()))[:80]
        return found.filter(**{self.asked_by: mine})

    def may_act(self, user: Any) -> bool:
        return user.has_perms(self.acts_with)


@dataclass(frozen=True)
class Job:
    kind: JobKind
    row: Any
    progress: Progress
    asked_by: str
    asked_at: datetime
    may_act: bool
    stuck: Sequence[int] = field(default=())

    @property
    def name(self) -> str:
        return self.kind.name_of(self.row)

    @property
    def page(self) -> str:
        meta = self.kind.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[self.row.pk])

    @property
    def is_active(self) -> bool:
        return self.progress.state in ACTIVE

    @property
    def can_stop(self) -> bool:
        return self.may_act and self.kind.stop is not None and bool(self.progress.means)

    @property
    def can_retry(self) -> bool:
        return self.may_act and (bool(self.stuck) or (self.kind.retry is not None and self.progress.can_retry))

    @property
    def has_refusals(self) -> bool:
        return self.kind.refusals is not None and self.progress.refused > 0


@cache
def kinds() -> dict[str, JobKind]:
    declared: list[JobKind] = [kind for path in settings.JOB_KINDS for kind in import_string(path)]
    return {kind.name: kind for kind in declared}


def kinds_for(user: Any) -> list[JobKind]:
    return [kind for kind in kinds().values() if user.has_perm(kind.sees_with)]


def has_jobs(request: HttpRequest) -> bool:
    """Whether the job centre has anything to show to who asks."""
    return bool(kinds_for(request.user))


def jobs_for(user: Any, *, narrowed: str = "", kind: str = "", before: datetime | None = None) -> list[Job]:
    """The latest jobs that somebody may see, newest first."""
    found: list[Job] = []
    for each in kinds_for(user):
        if kind and each.name != kind:
            continue
        rows = each.rows(user).order_by(f"-{each.asked_at}", "-pk")
        if before is not None:
            rows = rows.filter(**{f"{each.asked_at}__lt": before})
        found += _jobs(each, list(rows[:SHOWN]), user)
    if narrowed in NARROWED:
        found = [job for job in found if job.progress.state in NARROWED[narrowed]]
    return sorted(found, key=lambda job: job.asked_at, reverse=True)[:SHOWN]


def find_job(user: Any, *, kind: str, pk: int) -> Job | None:
    """A job that somebody may see."""
    known = kinds().get(kind)
    if known is None or not user.has_perm(known.sees_with):
        return None
    return next(iter(_jobs(known, list(known.rows(user).filter(pk=pk)), user)), None)


def stop_job(job: Job, *, actor: Actor, now: datetime) -> None:
    """Nothing more is begun; what was done stays. Raises CannotBeStopped, and what the room refuses."""
    if not job.can_stop or job.kind.stop is None:
        raise CannotBeStopped
    job.kind.stop(pk=job.row.pk, actor=actor, now=now)


def retry_job(job: Job, *, actor: Actor, now: datetime) -> None:
    """Go on where it ended; what was done is not done again. Raises CannotBeRetried, and what the room refuses."""
    if not job.can_retry:
        raise CannotBeRetried
    if job.stuck:
        outbox.retry(entry_ids=job.stuck, now=now)
    elif job.kind.retry is not None:
        job.kind.retry(pk=job.row.pk, actor=actor, now=now)


def _jobs(kind: JobKind, rows: Sequence[Any], user: Any) -> Iterator[Job]:
    counts = kind.counted([row.pk for row in rows]) if kind.counted and rows else None
    told = [(row, kind.progress(row) if counts is None else kind.progress(row, counts.get(row.pk))) for row in rows]
    stuck = _stuck(kind, [row.pk for row, progress in told if progress.state in ACTIVE])
    may_act = kind.may_act(user)
    for row, progress in told:
        entries = stuck.get(row.pk, [])
        if entries:
            progress = replace(progress, state=State.FAILED, said=entries[-1].last_error[:200] or progress.said)
        asked_by = _value(row, kind.asked_by)
        yield Job(
            kind=kind,
            row=row,
            progress=progress,
            asked_by=asked_by.get_username() if isinstance(asked_by, StaffUser) else actor_in_words(str(asked_by)),
            asked_at=_value(row, kind.asked_at),
            may_act=may_act,
            stuck=[entry.pk for entry in entries],
        )


def _stuck(kind: JobKind, pks: Sequence[int]) -> dict[int, list[OutboxEntry]]:
    """What the outbox has given up on, by row."""
    if not pks or kind.goes_on is None:
        return {}
    fact, column = kind.goes_on
    parked = OutboxEntry.objects.filter(status=OutboxEntry.Status.PARKED, fact=fact.__name__)
    found: dict[int, list[OutboxEntry]] = {}
    for entry in parked.filter(**{f"payload__{column}__in": list(pks)}).order_by("pk"):
        found.setdefault(entry.payload[column], []).append(entry)
    return found


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row
