"""R10: a loader killed with -9 anywhere loses no event and doubles none, and every day that changed is counted."""

from datetime import date

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from analytics.events.models import Batch, DirtyDay, Event
from analytics.events.services.partitions import make_ahead
from analytics.events.tests.making import event, load, send
from analytics.funnel.queries import FunnelQuestion, funnel_of
from analytics.funnel.tests import oracle
from analytics.funnel.tests.history import by_hour, count_everything, orders_of, post, some_days, tell_of_orders
from analytics.funnel.tests.test_against_duckdb import same_traffic
from analytics.traffic.models import SessionDay
from shop.core import clock
from tests.drills.processes import PATIENCE_SECONDS, Process

pytestmark = pytest.mark.django_db(transaction=True)
SEED, EVENTS = 4, 300
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


def loaded_by(dies_before="", **asked):
    """How a loader ended."""
    given = {"dies_before": dies_before, **asked}
    task = f"work(**{given!r})"
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


def test_page_views_visits_bounces_and_funnel_are_right_after_every_kill():
    """Killed in the middle of the batches, some of them committed, and of counting; held against DuckDB."""
    meant = some_days(SEED, visitors=20, days=3)
    orders = orders_of(meant, SEED)
    api = APIClient()
    for hour, some in by_hour(meant):
        with clock.fixed(hour):
            post(api, some)
    tell_of_orders(orders)
    waiting = Batch.objects.count()
    assert loaded_by("INSERT INTO events_event", time=3, at_once=100) == -9
    assert 200 <= Event.objects.count() < len(meant)
    assert 0 < Batch.objects.count() < waiting
    assert loaded_by("INSERT INTO traffic_pageday", time=2, counts=True) == -9
    assert loaded_by("INSERT INTO events_event", time=2, at_once=100) == -9
    assert loaded_by("INSERT INTO funnel_funnelfact", time=5, counts=True) == -9
    load()
    count_everything()
    assert Event.objects.count() == len(meant) + len(orders)
    db, (first, last) = oracle.table([*meant, *orders]), (date(2026, 5, 1), date(2026, 5, 10))
    same_traffic(db, first, last)
    steps = funnel_of(FunnelQuestion(first, last))
    assert list(steps) == oracle.funnel(db, first, last)
    assert steps.clicked > steps.paid > 0


def test_control_a_loader_that_commits_after_each_statement_loses_what_it_has_taken(sent):
    assert loaded_by("INSERT INTO events_event", naive=True) == -9
    load()
    assert kept() == set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_batch")
        assert cursor.fetchone() == (0,)
