"""Whom a plan chooses: the draw, who is left out and why, and that a preview says the same as the run."""

import pytest
from django.db import transaction

from analytics.outreach.choosing import choose, foresee, room_of
from analytics.outreach.models import Contact, Every, Plan, Run, Whom
from analytics.outreach.notices import OUTREACH
from analytics.outreach.tests.making import DAY, NOW, draw_of, due, make_plan, make_segment, ran, started, worked
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.notifications.models import NotificationPreference, NotificationTemplate
from members.notifications.queries import reach_of_member
from members.notifications.reachable import reachability
from members.notifications.services.routing import obstacle, telling_of
from members.notifications.tests.factories import credit, words
from points.ledger.services import grant
from shop.core import preferences
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db
LONG_AGO = NOW - 9 * DAY
DAILY = {"every": Every.DAY, "hour": 12, "rest_days": 0, "most_people": 900}


def prefer(key, value):
    PreferenceValue.objects.update_or_create(key=key, defaults={"value": value})
    preferences.forget_cached()


def refuse(member, *channels, allowed=False):
    for channel in channels:
        NotificationPreference.objects.create(member=member, category="marketing", channel=channel, allowed=allowed)


def test_the_draw_follows_from_plan_and_member_and_a_larger_share_only_adds_to_it():
    members = [MemberFactory() for _ in range(60)]
    plan = make_plan(segment_ids=[make_segment(*members).pk], control_bp=3000, **DAILY)
    held = [member.pk for member in members if draw_of(plan, member) % 10_000 < 3000]
    assert 5 < len(held) < 40
    run = worked(due(started(plan, now=NOW - DAY / 24), now=NOW))
    assert (run.treated, run.control) == (60 - len(held), len(held))
    assert sorted(run.contacts.filter(arm="control").values_list("member_id", flat=True)) == held
    assert set(run.contacts.filter(arm="control").values_list("status", "notification_id")) == {("held_out", None)}
    again = worked(due(plan, now=NOW + DAY), now=NOW + DAY)
    assert sorted(again.contacts.filter(arm="control").values_list("member_id", flat=True)) == held
    Plan.objects.update(control_bp=5000)
    more = foresee(Plan.objects.get(), now=NOW + 2 * DAY)
    assert more.control == sum(draw_of(plan, member) % 10_000 < 5000 for member in members) >= len(held)


def test_a_preview_writes_nothing_and_says_what_the_run_does():
    members = [MemberFactory() for _ in range(5)]
    MemberFactory()
    make_segment(MemberFactory(status="blocked"), *members)
    refuse(members[0], "in_app", "subscribe")
    plan = make_plan(segment_ids=[make_segment().pk], most_people=3)
    found = foresee(plan, now=NOW)
    assert (found.treated, found.control, found.left_out) == (3, 0, {"budget": 1, "opt_out": 1})
    assert found.everybody == 5
    by_draw = sorted(members[1:], key=lambda member: draw_of(plan, member))
    assert list(found.sample) == [member.pk for member in by_draw[:3]]
    assert Contact.objects.count() == 0
    run = ran(plan)
    assert (run.treated, run.left_out) == (3, {"budget": 1, "opt_out": 1})
    assert {row.member_id for row in run.contacts.all()} == set(found.sample)


def test_who_was_chosen_lately_is_left_out_in_both_parts_alike():
    plan = make_plan(members=30, control_bp=5000, **{**DAILY, "rest_days": 3})
    first = worked(due(started(plan, now=NOW - DAY / 24), now=NOW))
    assert first.treated + first.control == 30
    found = foresee(plan, now=NOW + 2 * DAY)
    assert (found.treated, found.control, found.left_out) == (0, 0, {"recent": 30})
    later = foresee(plan, now=NOW + 3 * DAY)
    assert (later.treated, later.control, later.left_out) == (first.treated, first.control, {})


def test_plans_together_reach_a_member_so_often_and_no_more():
    prefer("outreach.cap_times", 2)
    segment = make_segment(MemberFactory())
    for _ in range(2):
        assert ran(make_plan(segment_ids=[segment.pk])).treated == 1
    third = make_plan(segment_ids=[segment.pk])
    assert foresee(third, now=NOW).left_out == {"cap": 1}
    assert foresee(third, now=NOW + 7 * DAY).treated == 1
    # Whoever is held out has heard nothing.
    Contact.objects.update(arm="control", status="held_out", notification_id=None)
    assert foresee(third, now=NOW).treated == 1


def test_who_refuses_messages_is_left_out_of_plans_that_speak_only():
    member = MemberFactory()
    refuse(member, "in_app", "subscribe")
    segment = make_segment(member)
    assert foresee(make_plan(segment_ids=[segment.pk], points=5), now=NOW).left_out == {"opt_out": 1}
    assert foresee(make_plan(segment_ids=[segment.pk], points=5, speaks=False), now=NOW).treated == 1


@pytest.mark.parametrize(
    ("refused", "granted", "has_credit", "has_inbox", "said"),
    [
        ((), (), False, True, ""),
        (("in_app",), (), False, True, "no_channel"),
        (("in_app",), (), True, True, ""),
        (("in_app",), ("sms",), False, True, ""),
        (("in_app", "subscribe"), (), True, True, "opt_out"),
        (("subscribe",), (), True, False, "opt_out"),
        ((), (), False, False, "no_channel"),
    ],
)
def test_reachability_agrees_with_what_delivering_asks(refused, granted, has_credit, has_inbox, said):
    member = MemberFactory(openid="o1", phone="+8613900139000")
    refuse(member, *refused)
    refuse(member, *granted, allowed=True)
    NotificationTemplate.objects.filter(event="outreach").delete()
    if has_inbox:
        words(OUTREACH, "in_app", "{text}", title="{title}")
    words(OUTREACH, "subscribe", "thing1: {title}", provider_template="WX-1")
    words(OUTREACH, "sms", "{text}")
    if has_credit:
        credit(member, template="WX-1")
    found = Member.objects.annotate(reach=reachability(OUTREACH)).get(pk=member.pk)
    assert found.reach == said
    telling = telling_of(OUTREACH, reach_of_member(member_id=member.pk), {"title": "t", "text": "x", "link": "p"})
    reaches = any(not obstacle(telling, channel) for channel in OUTREACH.channels)
    assert reaches == (said == "")


def test_a_deleted_segment_leaves_a_plan_for_nobody():
    segment = make_segment(MemberFactory())
    plan = make_plan(segment_ids=[segment.pk])
    segment.delete()
    assert foresee(plan, now=NOW).everybody == 0
    plan.segment_ids = []
    assert foresee(plan, now=NOW).everybody == 0


def test_everybody_less_a_segment():
    member, other = MemberFactory(), MemberFactory()
    plan = make_plan(whom=Whom.EVERYBODY, without_segment_ids=[make_segment(other).pk])
    assert list(foresee(plan, now=NOW).sample) == [member.pk]


def test_points_that_are_about_to_expire_and_can_be_spent():
    soon, late, pending, over = (MemberFactory() for _ in range(4))
    with transaction.atomic():
        for member, days, matures in (
            (soon, 7, LONG_AGO),
            (late, 8, LONG_AGO),
            (pending, 7, None),
            (over, -1, LONG_AGO),
        ):
            grant(
                reference=f"g{member.pk}",
                member_id=member.pk,
                points=40,
                source="test",
                now=LONG_AGO,
                matures_at=matures,
                expires_at=NOW + days * DAY,
            )
    plan = make_plan(whom=Whom.EXPIRING, within_days=7, title="{expiring} 积分将到期")
    run = ran(plan)
    assert [row.member_id for row in run.contacts.all()] == [soon.pk]
    assert soon.notifications.get(event="outreach").title == "40 积分将到期"


def test_room_is_the_narrowest_of_the_budgets():
    plan = make_plan(members=4, points=30, most_points=100, most_people=50)
    assert room_of(plan) == 3
    run = ran(plan)
    assert (run.treated, run.left_out) == (3, {"budget": 1})
    assert room_of(Plan.objects.get()) == 0


def test_a_choice_is_written_once(django_assert_num_queries):
    plan = started(make_plan(members=12))
    run = due(plan)
    run.plan = Plan.objects.get()
    with transaction.atomic(), django_assert_num_queries(5):
        choose(run, now=NOW)
    assert Contact.objects.filter(run=run).count() == 12
    assert Run.objects.count() == 1
