"""What Prometheus reads: lines of its format, for who shows the token alone."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from shop.core import clock
from shop.core.alerts import raise_alert
from shop.core.models import JobRun, OutboxEntry

pytestmark = pytest.mark.django_db
LINE = re.compile(r"(# (HELP|TYPE) lantern_\w+ .+|lantern_\w+(\{\w+=\"[\w.]+\"\})? -?[0-9.e+]+)")


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = "a-token"
    return {"Authorization": "Bearer a-token"}


def entry(number, status, *, due):
    OutboxEntry.objects.create(
        event_id=f"00000000-0000-0000-0000-00000000000{number}",
        fact="KettleBoiled",
        subscriber="nobody",
        payload={},
        status=status,
        due_at=due,
        created_at=due,
    )


def read(headers):
    answer = Client(headers=headers).get("/metrics")
    assert answer.status_code == 200
    lines = answer.content.decode().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_nobody_is_answered_without_the_token(settings, token):
    assert Client().get("/metrics").status_code == 404
    assert Client(headers={"Authorization": "Bearer another"}).get("/metrics").status_code == 404
    settings.METRICS_TOKEN = ""
    assert Client(headers={"Authorization": "Bearer "}).get("/metrics").status_code == 404


def test_what_waits_what_is_parked_and_what_is_open_is_counted(token):
    now = clock.now()
    entry(1, "pending", due=now - timedelta(seconds=90))
    entry(2, "pending", due=now)
    entry(3, "parked", due=now)
    entry(4, "done", due=now)
    raise_alert(cause="tea", message="No cups left", now=now)
    found = read(token)
    assert (found["lantern_outbox_pending"], found["lantern_outbox_parked"], found["lantern_alerts"]) == ("2", "1", "1")
    assert 90 <= float(found["lantern_outbox_late_seconds"]) < 120


def test_jobs_tell_when_they_succeeded_and_how_long_they_took(token):
    start = clock.now() - timedelta(minutes=5)
    JobRun.objects.create(
        job="core.tidy", started_at=start, finished_at=start + timedelta(seconds=2.5), succeeded_at=start
    )
    found = read(token)
    assert found['lantern_job_duration_seconds{job="core.tidy"}'] == "2.5"
    succeeded = float(found['lantern_job_success_timestamp_seconds{job="core.tidy"}'])
    assert succeeded == pytest.approx(start.timestamp(), abs=1)


def test_queues_are_measured_and_a_broker_that_is_away_is_said(token, settings):
    assert {"lantern_redis_up": "1"}.items() <= read(token).items()
    assert 'lantern_queue_length{queue="long"}' in read(token)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    away = read(token)
    assert away["lantern_redis_up"] == "0"
    assert not any("queue_length" in name for name in away)


def test_a_look_costs_the_same_however_many_jobs(token, django_assert_num_queries):
    for number in range(20):
        JobRun.objects.create(job=f"job.{number}", started_at=clock.now())
    with django_assert_num_queries(7):
        read(token)
