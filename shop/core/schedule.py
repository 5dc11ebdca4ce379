"""The beat schedule: seeded from the declared jobs, then the merchant's to edit; and the watch over missed runs."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from shop.core.clock import SHANGHAI
from shop.core.jobs import Job, declared_jobs
from shop.core.models import JobRun


def seed_schedule() -> None:
    """Give every declared job its default schedule, unless one exists already; retire jobs no longer declared."""
    jobs = declared_jobs()
    known = set(PeriodicTask.objects.values_list("name", flat=True))
    for job in jobs:
        if job.name not in known:
            PeriodicTask.objects.create(name=job.name, task=job.name, **_default_schedule(job))
    retired = PeriodicTask.objects.filter(description=_SEEDED).exclude(name__in=[job.name for job in jobs])
    retired.delete()


@dataclass(frozen=True)
class JobProblem:
    job: str
    message: str


def job_problems(*, now: datetime) -> list[JobProblem]:
    """Enabled jobs that failed, or did not start within three of their periods. Read whenever somebody looks, so
    that a dead beat or worker is noticed too."""
    declared = {job.name for job in declared_jobs()}
    runs = {run.job: run for run in JobRun.objects.all()}
    tasks = PeriodicTask.objects.filter(enabled=True, task__in=declared).select_related("interval", "crontab")
    found = []
    for task in tasks:
        run = runs.get(task.task)
        since = run.started_at if run else task.date_changed
        if run and run.error:
            sentence = _("Job {job} failed: {error}").format(job=task.task, error=run.error[:120])
            found.append(JobProblem(task.task, sentence))
        elif now - since > period_of(task) * 3 + timedelta(minutes=2):
            local = f"{since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
            sentence = _("Job {job} has not run since {since}").format(job=task.task, since=local)
            found.append(JobProblem(task.task, sentence))
    return found


def period_of(task: PeriodicTask) -> timedelta:
    """How often the task is to run; a crontab counts as daily."""
    if task.interval is not None:
        return timedelta(**{task.interval.period: task.interval.every})
    return timedelta(days=1)


_SEEDED = "seeded"


def _default_schedule(job: Job) -> dict[str, object]:
    common: dict[str, object] = {"description": _SEEDED, "args": json.dumps([]), "expire_seconds": 3600}
    if job.at is not None:
        crontab, _created = CrontabSchedule.objects.get_or_create(
            minute=str(job.at[1]), hour=str(job.at[0]), timezone=SHANGHAI
        )
        return {**common, "crontab": crontab}
    seconds = int(job.every.total_seconds())
    interval, _created = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
    return {**common, "interval": interval, "expire_seconds": max(seconds, 30)}
