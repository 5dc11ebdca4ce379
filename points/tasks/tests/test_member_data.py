"""Merged, erased, exported; and the demo."""

from datetime import timedelta

import pytest
from django.db import transaction

from members.identity.origin import Origin
from members.identity.rooms import erase_everything, export_everything
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from points.tasks import demo
from points.tasks.models import CheckIn, ShareVisit, Task, TaskCompletion, TaskEvent
from points.tasks.services import check_in, record_task_event, record_visit, start_browsing
from points.tasks.tests.making import NOON, points_of, task_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def merge(source, target):
    source.phone, source.openid = None, "loose"
    source.save(update_fields=["phone", "openid"])
    with transaction.atomic():
        merge_accounts(source_id=source.pk, target_id=target.pk, now=NOON)


def test_days_of_two_accounts_make_one_run(member):
    loose = MemberFactory()
    for day in (0, 1, 3):
        check_in(member_id=member.pk, now=NOON + day * DAY)
    for day in (1, 2):
        check_in(member_id=loose.pk, now=NOON + day * DAY)
    merge(loose, member)
    rows = CheckIn.objects.filter(member=member).order_by("day")
    assert [row.streak for row in rows] == [1, 2, 3, 4]
    assert [row.streak for row in CheckIn.objects.filter(member=loose)] == [1]
    assert points_of(member, NOON + 3 * DAY) == 25


def test_tasks_follow_a_merged_account_but_are_not_done_twice(member):
    loose = MemberFactory()
    task_of("review", period="daily", times=9)
    for who, references in ((member, ("a",)), (loose, ("b", "c"))):
        for reference in references:
            record_task_event(kind="review", member_id=who.pk, reference=reference, at=NOON, now=NOON)
    merge(loose, member)
    assert sorted(TaskCompletion.objects.filter(member=member).values_list("number", flat=True)) == [1, 2]
    assert TaskEvent.objects.filter(member=member).count() == 3
    record_task_event(kind="review", member_id=loose.pk, reference="d", at=NOON, now=NOON)
    assert TaskCompletion.objects.filter(member=member, number=3).exists()


def test_who_leaves_leaves_no_trace_of_whom_they_met(member):
    task_of("browse", code="look", target=5)
    task_of("share", period="daily")
    friend = MemberFactory()
    start_browsing(member_id=member.pk, code="look", now=NOON)
    record_visit(invite_code=member.invite_code, visitor_id=friend.pk, origin=Origin(), now=NOON)
    record_visit(invite_code=friend.invite_code, visitor_id=member.pk, origin=Origin(), now=NOON)
    record_task_event(kind="share", member_id=member.pk, reference="x", at=NOON, now=NOON)
    with transaction.atomic():
        erased = erase_everything(member_id=member.pk, now=NOON)
    assert (erased["share_visits"], erased["task_events"], erased["browsing"]) == (2, 1, 1)
    assert ShareVisit.objects.count() == TaskEvent.objects.count() == 0


def test_a_member_takes_their_days_and_tasks_along(member):
    task = task_of("review", name="写评价")
    record_task_event(kind="review", member_id=member.pk, reference="a", at=NOON, now=NOON)
    Task.objects.filter(pk=task.pk).update(name="评价")
    taken = export_everything(member_id=member.pk)
    assert [(row["task__code"], row["points"]) for row in taken["tasks"]] == [("review", 10)]
    assert taken["check_ins"] == []


def test_the_demo_has_tasks_and_streaks_and_loads_twice():
    for _ in range(3):
        MemberFactory(joined_at=NOON - 60 * DAY)
    assert demo.load(size="small", now=NOON) == "7 tasks, 29 check-ins"
    assert demo.load(size="small", now=NOON) == "0 tasks, 0 check-ins"
    assert Task.objects.filter(status="live").count() == 9
