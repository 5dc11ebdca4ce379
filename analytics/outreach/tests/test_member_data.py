"""Accounts that become one, and members who leave."""

import pytest
from django.db import transaction

from analytics.outreach.models import Contact
from analytics.outreach.services.running import work_on
from analytics.outreach.tests.making import CLERK, NOW, due, make_plan, make_segment, started, statuses, worked
from members.identity.rooms import erase_everything, export_everything
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db):
    """Both chosen by one run, which has not reached them yet."""
    members = MemberFactory(phone=None, openid="o1"), MemberFactory()
    run = due(started(make_plan(segment_ids=[make_segment(*members).pk])))
    work_on(run_id=run.pk, now=NOW)
    return run, *members


def merged(source, target):
    with transaction.atomic():
        merge_accounts(source_id=source.pk, target_id=target.pk, now=NOW)


@pytest.mark.parametrize("reached", ["source", "target", None])
def test_of_two_accounts_in_a_run_one_place_is_left_and_nothing_is_done_twice(two, reached):
    run, source, target = two
    who = {"source": source, "target": target}.get(reached)
    if who:
        Contact.objects.filter(member=who).update(status="done")
    merged(source, target)
    assert statuses(run) == [("done" if who else "waiting", "")]
    assert Contact.objects.get().member_id == target.pk
    worked(run)
    assert statuses(run) == [("done", "")]
    assert target.notifications.filter(event="outreach").count() == (0 if who else 1)


def test_who_leaves_is_reached_no_more(two):
    run, leaving, _staying = two
    with transaction.atomic():
        assert erase_everything(member_id=leaving.pk, now=NOW)["outreach_contacts"] == 1
    worked(run)
    assert statuses(run) == [("skipped", "member_gone"), ("done", "")]
    assert leaving.notifications.filter(event="outreach").count() == 0


def test_a_member_takes_along_how_they_were_reached(two):
    run, member, _other = two
    worked(run)
    [told] = export_everything(member_id=member.pk)["outreach"]
    assert (told["plan"], told["arm"], told["status"], told["points"]) == (run.plan_id, "treated", "done", 0)
    assert CLERK.name not in str(told)
