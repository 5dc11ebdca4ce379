"""Two at the same instant, each race with a control whose guard is off."""

from threading import Barrier

import pytest
from django.db import IntegrityError

from analytics.outreach import choosing
from analytics.outreach.models import Contact, Plan, Run
from analytics.outreach.services import running, start_due
from analytics.outreach.services.running import work_on
from analytics.outreach.tests.making import NOW, due, make_plan, make_segment, started, worked
from analytics.outreach.tests.test_choosing import prefer
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from points.ledger.models import PointTransaction
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def without_row_locks(monkeypatch):
    monkeypatch.setattr(Run._default_manager._queryset_class, "select_for_update", lambda rows, **_: rows)


@pytest.mark.parametrize("guarded", [True, False])
def test_two_beats_at_once_begin_a_run_once(guarded, monkeypatch):
    """Where none waits for the other both see it due, and the database keeps one of them out, as an error."""
    plan = started(make_plan(members=1))
    if not guarded:
        barrier, create = Barrier(2, timeout=30), Run.objects.create
        without_row_locks(monkeypatch)

        def meet(**named):
            barrier.wait()
            return create(**named)

        monkeypatch.setattr(Run.objects, "create", meet)
        monkeypatch.setattr(Plan, "save", lambda *_, **__: None)
    answers = run_together(*[lambda: start_due(now=NOW)] * 2)
    if guarded:
        assert sorted(answers) == [0, 1]
    else:
        assert [type(answer) for answer in answers].count(IntegrityError) == 1
    assert plan.runs.count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_two_workers_at_once_reach_everybody_once(guarded, monkeypatch):
    """Without the lock both take the same members; what is booked under a reference stays once, but one fails."""
    run = due(started(make_plan(members=6, points=10)))
    work_on(run_id=run.pk, now=NOW)
    acted = []
    if not guarded:
        barrier = Barrier(2, timeout=30)
        without_row_locks(monkeypatch)
        act = running.act

        def meet(plan, contacts, *, now):
            barrier.wait()
            acted.extend(contact.member_id for contact in contacts)
            return act(plan, contacts, now=now)

        monkeypatch.setattr(running, "act", meet)
        run_together(*[lambda: work_on(run_id=run.pk, now=NOW)] * 2)
        assert len(acted) == 12
        return
    run_together(*[lambda: worked(run)] * 4)
    worked(run)
    assert set(run.contacts.values_list("status", flat=True)) == {"done"}
    assert Notification.objects.filter(event="outreach").count() == PointTransaction.objects.count() == 6


@pytest.mark.parametrize("guarded", [True, False])
def test_two_plans_at_once_keep_the_cap_of_a_member(guarded, monkeypatch):
    prefer("outreach.cap_times", 1)
    segment = make_segment(*(MemberFactory() for _ in range(3)))
    plans = [started(make_plan(segment_ids=[segment.pk])) for _ in range(2)]
    assert start_due(now=NOW) == 2
    runs = [plan.runs.get() for plan in plans]
    if not guarded:
        barrier, written = Barrier(2, timeout=30), choosing._choose

        def meet(*given):
            found = written(*given)
            barrier.wait()
            return found

        monkeypatch.setattr(choosing, "_LOCK", "SELECT 1")
        monkeypatch.setattr(choosing, "_choose", meet)
    run_together(*[lambda run=run: work_on(run_id=run.pk, now=NOW) for run in runs])
    assert Contact.objects.filter(arm="treated").count() == (3 if guarded else 6)
    assert Plan.objects.filter(status="live").count() == 2
