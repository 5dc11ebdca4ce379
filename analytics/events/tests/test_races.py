"""Who counts a day while events come, and two who load or count at once; each with the control that fails."""

from datetime import UTC, datetime
from threading import Event as Flag

import pytest
from django.db import connection, transaction

from analytics.events.dirty import TRAFFIC, mark_days, rebuild_day
from analytics.events.models import Batch, DirtyDay, Event
from analytics.events.services.loading import load_some
from analytics.events.services.partitions import make_ahead
from analytics.events.tests.making import event, send
from shop.core import clock
from shop.core.clock import business_day
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30


@pytest.fixture(autouse=True)
def _days(db):
    make_ahead(now=clock.now())


def test_no_loader_takes_what_another_has_taken(api):
    now = clock.now()
    for n in range(20):
        send(api, event(at=now, session_id=f"s{n}"))
    answers = run_together(*[load_some] * 4)
    assert sum(added for _taken, added in answers) == 20
    assert (Event.objects.count(), Batch.objects.count()) == (20, 0)


@pytest.mark.parametrize(("appended", "left"), [(True, 1), (False, 0)])
def test_what_is_committed_while_a_day_is_counted_is_counted_later(appended, left):
    """The control marks a day only where it has no mark yet: the one that it finds is taken away by whoever counts."""
    day = business_day(datetime.now(UTC))
    mark_days([day], kinds=[TRAFFIC])
    counting, committed = Flag(), Flag()

    def adds():
        with transaction.atomic():
            # The loader: marks first, its events are seen by nobody until it commits.
            if appended or not DirtyDay.objects.filter(day=day, kind=TRAFFIC).exists():
                mark_days([day], kinds=[TRAFFIC])
            counting.set()
            assert committed.wait(PATIENCE)
        connection.close()

    def counts():
        assert counting.wait(PATIENCE)
        try:
            return rebuild_day(day=day, kind=TRAFFIC, rebuild=lambda day: None)
        finally:
            committed.set()

    assert run_together(adds, counts) == [None, True]
    assert DirtyDay.objects.filter(day=day, kind=TRAFFIC).count() == left


def test_a_day_is_counted_by_one_at_a_time():
    day = business_day(datetime.now(UTC))
    mark_days([day], kinds=[TRAFFIC])
    entered, leave = Flag(), Flag()

    def counts_long():
        def rebuild(day):
            entered.set()
            assert leave.wait(PATIENCE)

        return rebuild_day(day=day, kind=TRAFFIC, rebuild=rebuild)

    def comes_late():
        assert entered.wait(PATIENCE)
        mark_days([day], kinds=[TRAFFIC])
        try:
            return rebuild_day(day=day, kind=TRAFFIC, rebuild=lambda day: None)
        finally:
            leave.set()

    assert run_together(counts_long, comes_late) == [True, False]
    # The mark that came meanwhile waits for the next.
    assert DirtyDay.objects.count() == 1
