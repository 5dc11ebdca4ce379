from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from shop.core import clock
from shop.core.jobs import declared_jobs, job
from shop.core.models import JobRun
from shop.core.schedule import job_problems, seed_schedule

NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)
pytestmark = pytest.mark.django_db

outcome: dict[str, int] = {}


@job("test.water_plants", every=timedelta(minutes=5))
def water_plants(now):
    return {"watered": 3 // outcome["plants"]}


@pytest.fixture
def schedule():
    with clock.fixed(NOW):
        seed_schedule()
    PeriodicTask.objects.update(date_changed=NOW)
    PeriodicTask.objects.exclude(name="test.water_plants").update(enabled=False)


def problems_at(minutes):
    return [each.job for each in job_problems(now=NOW + timedelta(minutes=minutes))]


def test_declared_jobs_are_seeded_once_and_edits_are_kept():
    seed_schedule()
    assert set(PeriodicTask.objects.values_list("task", flat=True)) >= {each.name for each in declared_jobs()}
    task = PeriodicTask.objects.get(name="test.water_plants")
    assert (task.interval.every, task.interval.period) == (300, "seconds")
    task.interval = None
    task.crontab = PeriodicTask.objects.get(name="core.tidy").crontab
    task.save()
    seed_schedule()
    task.refresh_from_db()
    assert task.interval is None
    assert (task.crontab.hour, task.crontab.minute) == ("3", "30")


def test_a_run_records_when_it_ran_and_what_it_did(schedule):
    outcome["plants"] = 1
    with clock.fixed(NOW):
        water_plants()
    run = JobRun.objects.get(job="test.water_plants")
    assert (run.started_at, run.succeeded_at, run.effect, run.error) == (NOW, NOW, {"watered": 3}, "")
    assert problems_at(10) == []


def test_a_failing_run_is_recorded_raised_and_alerted(schedule):
    outcome["plants"] = 0
    with pytest.raises(ZeroDivisionError), clock.fixed(NOW):
        water_plants()
    run = JobRun.objects.get(job="test.water_plants")
    assert "ZeroDivisionError" in run.error
    assert run.succeeded_at is None
    assert problems_at(1) == ["test.water_plants"]
    outcome["plants"] = 1
    with clock.fixed(NOW):
        water_plants()
    assert problems_at(1) == []


def test_a_job_that_misses_its_time_is_alerted(schedule):
    assert problems_at(16) == []
    assert problems_at(18) == ["test.water_plants"]
    PeriodicTask.objects.update(enabled=False)
    assert problems_at(18) == []


def test_a_job_no_longer_declared_is_retired(schedule):
    PeriodicTask.objects.filter(name="test.water_plants").update(name="test.old", task="test.old")
    seed_schedule()
    assert not PeriodicTask.objects.filter(name="test.old").exists()
