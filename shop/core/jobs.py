"""Scheduled jobs: each is declared once, beside its task, with its default interval.

The schedule itself lives in django-celery-beat, seeded from these declarations after `migrate` and editable in the
admin. Every run records when it ran, how long it took and what it did; a job that misses its time raises an alert.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db.models import F
from django.utils.translation import gettext_noop

from shop.core import clock
from shop.core.models import JobRun

log = structlog.get_logger(__name__)

# What a job did: counts by word. The words that the console shows in the reader's language stand below.
Effect = Mapping[str, int]
WORDS = (
    gettext_noop("allocated"),
    gettext_noop("answered"),
    gettext_noop("approved"),
    gettext_noop("asked"),
    gettext_noop("broken"),
    gettext_noop("cancelled"),
    gettext_noop("closed"),
    gettext_noop("codes taken out"),
    gettext_noop("completed"),
    gettext_noop("confirmed"),
    gettext_noop("deferred"),
    gettext_noop("delivered"),
    gettext_noop("ended"),
    gettext_noop("erased"),
    gettext_noop("evaluated"),
    gettext_noop("failed"),
    gettext_noop("expired"),
    gettext_noop("forgotten"),
    gettext_noop("given"),
    gettext_noop("idempotency keys"),
    gettext_noop("late"),
    gettext_noop("low"),
    gettext_noop("mailed"),
    gettext_noop("missed"),
    gettext_noop("moved"),
    gettext_noop("notifications"),
    gettext_noop("outbox entries"),
    gettext_noop("paid"),
    gettext_noop("phone codes"),
    gettext_noop("postponed"),
    gettext_noop("received"),
    gettext_noop("reminded"),
    gettext_noop("retried"),
    gettext_noop("returned"),
    gettext_noop("rewarded"),
    gettext_noop("sent"),
    gettext_noop("sessions"),
    gettext_noop("skipped"),
    gettext_noop("started"),
    gettext_noop("succeeded"),
    gettext_noop("tried"),
)


@dataclass(frozen=True)
class Job:
    """`every` is an interval; `at` (hour, minute in Asia/Shanghai) makes it daily instead."""

    name: str
    every: timedelta
    at: tuple[int, int] | None = None


_jobs: dict[str, Job] = {}


def declared_jobs() -> list[Job]:
    return sorted(_jobs.values(), key=lambda job: job.name)


def job(
    name: str, *, every: timedelta = timedelta(days=1), at: tuple[int, int] | None = None
) -> Callable[[Callable[[datetime], Effect]], Callable[[], None]]:
    """Declare a scheduled job: the function gets the present moment and returns counts of what it did."""

    def declare(function: Callable[[datetime], Effect]) -> Callable[[], None]:
        _jobs[name] = Job(name, every, at)

        @shared_task(name=name)
        def run() -> None:
            run_job(name, function)

        return run

    return declare


def run_job(name: str, function: Callable[[datetime], Effect]) -> None:
    """Run and record; an error is recorded and raised, so that Celery logs it too."""
    started = clock.now()
    JobRun.objects.update_or_create(job=name, defaults={"started_at": started, "finished_at": None})
    try:
        effect = function(started)
    except Exception as error:
        JobRun.objects.filter(job=name).update(finished_at=clock.now(), error=f"{type(error).__name__}: {error}"[:2000])
        raise
    JobRun.objects.filter(job=name).update(
        finished_at=clock.now(), succeeded_at=F("started_at"), effect=dict(effect), error=""
    )
    log.info("job_done", job=name, **effect)
