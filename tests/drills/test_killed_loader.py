"""R10: a loader killed with -9 anywhere loses no event and doubles none, and every day that changed is counted."""

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from analytics.events.models import Batch, DirtyDay, Event
from analytics.events.services.partitions import make_ahead
from analytics.events.tests.making import event, load, send
from analytics.funnel.tests.history import count_everything
from analytics.traffic.models import SessionDay
from tests.drills.processes import PATIENCE_SECONDS, Process

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = 300
# Before the batches are taken, while they are taken, before they are added, and before it is all committed.
MOMENTS = ("pg_try_advisory_xact_lock", "DELETE FROM events_batch", "CREATE TEMP TABLE", "INSERT INTO events_event")


@pytest.fixture
def sent(db):
    api, now = APIClient(), timezone.now()
    make_ahead(now=now)
    events = [event("click", at=now, session_id=f"s{n}") for n in range(EVENTS)]
    for first in range(0, EVENTS, 100):
        # The front has heard nothing of the first call, and sends all of it again.
        for _again in range(2):
            assert send(api, *events[first : first + 100]).json()["accepted"] == 100
    return {each["id"] for each in events}


def loaded_by(dies_before="", *, naive=False):
    """How a loader ended."""
    task = f"work(dies_before={dies_before!r}, naive={naive})"
    worker = Process(["django", "shell", "-v", "0", "-c", f"from tests.drills.dying_loader import work; {task}"], {})
    worker.start()
    try:
        return worker.process.wait(timeout=PATIENCE_SECONDS)
    finally:
        worker.kill()


def kept():
    return {str(key) for key in Event.objects.values_list("event_id", flat=True)}


def test_nothing_is_lost_or_doubled_however_often_the_loader_is_killed(sent):
    for moment in MOMENTS:
        assert loaded_by(moment) == -9
        assert (Batch.objects.count(), Event.objects.count(), DirtyDay.objects.count()) == (6, 0, 0)
    assert loaded_by() == 0
    assert kept() == sent
    assert Event.objects.count() == EVENTS
    assert not Batch.objects.exists()
    count_everything()
    assert sum(SessionDay.objects.values_list("sessions", flat=True)) == EVENTS


def test_control_a_loader_that_commits_after_each_statement_loses_what_it_has_taken(sent):
    assert loaded_by("INSERT INTO events_event", naive=True) == -9
    load()
    assert kept() == set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_batch")
        assert cursor.fetchone() == (0,)
