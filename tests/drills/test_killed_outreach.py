"""R10: whoever reaches out to many members may be killed with -9 at any moment: each is reached once, or held out.

MEMBERS=100000 .venv/bin/python -m pytest tests/drills/test_killed_outreach.py
"""

import os
from collections import Counter

import pytest
from django.db import connection

from analytics.outreach.models import Contact
from analytics.outreach.preferences import APPROVAL_PEOPLE, APPROVAL_POINTS
from analytics.outreach.tests.making import NOW, draw_of, due, make_plan, make_segment, started
from members.identity.models import Member
from members.notifications.models import Notification
from members.segments.models import SegmentMembership
from points.ledger.models import PointTransaction
from shop.core.invariants import violations
from shop.core.preferences import set_preference
from tests.drills.processes import Process

pytestmark = pytest.mark.django_db(transaction=True)
MEMBERS, CONTROL_BP = int(os.environ.get("MEMBERS", "500")), 1000
# Seconds for each worker: a hundred thousand take their time.
PATIENCE_SECONDS = 60 + MEMBERS // 50
POINTS = 5
# Before the members are written down, and in the middle of batches: before points, before messages, and when all of a
# batch is done and nothing of it committed.
MOMENTS = (
    ("INSERT INTO outreach_contact", 1),
    ("EXECUTE post_points", 30),
    ("EXECUTE tell", 120),
    ('UPDATE "outreach_contact"', 2),
)


@pytest.fixture
def run(db):
    set_preference(APPROVAL_PEOPLE, 10**7)
    set_preference(APPROVAL_POINTS, 10**9)
    segment = make_segment()
    made = Member.objects.bulk_create(
        [Member(invite_code=f"D{n:08d}", joined_at=NOW) for n in range(MEMBERS)], batch_size=5_000
    )
    held = (
        SegmentMembership(segment=segment, member=member, source="staff", since=NOW, seen_at=NOW) for member in made
    )
    SegmentMembership.objects.bulk_create(held, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return due(started(make_plan(segment_ids=[segment.pk], points=POINTS, control_bp=CONTROL_BP)))


def worked(run, dies_before="", time=1, **asked):
    """How a worker ended."""
    given = {"run_id": run.pk, "now": NOW.isoformat(), "dies_before": dies_before, "time": time, **asked}
    shell = ["django", "shell", "-v", "0", "-c", f"from tests.drills.dying_outreach import work; work(**{given!r})"]
    worker = Process(shell, {})
    worker.start()
    try:
        return worker.process.wait(timeout=PATIENCE_SECONDS)
    finally:
        worker.kill()


def reached():
    """How often each member was told, and given points."""
    told = Counter(Notification.objects.filter(event="outreach").values_list("member_id", flat=True))
    return told, Counter(PointTransaction.objects.values_list("member_id", flat=True))


def drawn(run):
    """Those to be reached, by Python."""
    return {member.pk for member in Member.objects.all() if draw_of(run.plan, member) % 10_000 >= CONTROL_BP}


def test_each_member_is_reached_once_however_often_the_worker_is_killed(run):
    done = 0
    for moment in MOMENTS:
        assert worked(run, *moment) == -9
        told, given = reached()
        # Whole batches: what they have and that they have it was written together.
        assert set(told) == set(given) == set(Contact.objects.filter(status="done").values_list("member_id", flat=True))
        assert len(told) % 200 == 0
        assert len(told) >= done
        done = len(told)
    assert done
    assert worked(run) == 0
    treated = drawn(run)
    assert 0 < len(treated) < MEMBERS
    assert reached() == (Counter(treated), Counter(treated))
    arms = Counter(Contact.objects.values_list("arm", "status"))
    assert arms == {("treated", "done"): len(treated), ("control", "held_out"): MEMBERS - len(treated)}
    run.refresh_from_db()
    assert (run.status, run.treated, run.control) == ("done", len(treated), MEMBERS - len(treated))
    assert violations() == {}
