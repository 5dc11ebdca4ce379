"""Plans and their runs for tests, through the services."""

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

from django.db import transaction

from analytics.outreach.models import Contact, Plan, Run
from analytics.outreach.services import save_plan, start_due, start_plan
from analytics.outreach.services.running import work_on
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.segments.models import Segment
from members.segments.services import add_to_segment
from shop.core.actors import Actor

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Sunday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CLERK, CHIEF = Actor.staff("clerk"), Actor.staff("chief")


def make_segment(*members: Member, code: str = "regulars", now: datetime = NOW) -> Segment:
    segment = Segment.objects.get_or_create(code=code, defaults={"name": code})[0]
    for member in members:
        add_to_segment(segment_id=segment.pk, member_id=member.pk, until=None, now=now - DAY)
    return segment


def make_plan(*, members: int = 0, now: datetime = NOW, **fields: Any) -> Plan:
    """A draft that says something to a segment, at once, without a control group."""
    if "segment_ids" not in fields and "whom" not in fields:
        fields["segment_ids"] = [make_segment(*(MemberFactory() for _ in range(members))).pk]
    given = {"name": "回访", "title": "好久不见", "text": "回来看看", "control_bp": 0, **fields}
    plan = Plan(**given)
    with transaction.atomic():
        save_plan(plan=plan, actor=CLERK, now=now)
    return plan


def started(plan: Plan, *, now: datetime = NOW) -> Plan:
    return start_plan(plan_id=plan.pk, actor=CLERK, now=now)


def due(plan: Plan, *, now: datetime = NOW) -> Run:
    """The run that is due now, begun but not worked on."""
    assert start_due(now=now) == 1
    return plan.runs.latest("pk")


def worked(run: Run, *, now: datetime = NOW) -> Run:
    """As far as it goes at this moment."""
    while work_on(run_id=run.pk, now=now):
        pass
    run.refresh_from_db()
    return run


def ran(plan: Plan, *, now: datetime = NOW) -> Run:
    return worked(due(started(plan, now=now), now=now), now=now)


def statuses(run: Run) -> list[tuple[str, str]]:
    rows = Contact.objects.filter(run=run).order_by("member_id")
    return [(row.status, row.reason) for row in rows]


def draw_of(plan: Plan, member: Member) -> int:
    """The first sixty bits of the digest of both, by Python."""
    return int(md5(f"{plan.pk}:{member.pk}".encode()).hexdigest()[:15], 16)
