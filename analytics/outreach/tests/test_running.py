"""A plan's life and its runs: each member once, nobody lost, nothing beyond what was agreed on."""

from datetime import UTC, datetime

import pytest

from analytics.outreach.errors import PlanApproverIsAuthor, PlanIncomplete, PlanNotEditable, RunNotUndoable
from analytics.outreach.models import Contact, Every, Page, Plan, Run
from analytics.outreach.services import (
    approve_plan,
    copy_plan,
    pause_plan,
    resume_plan,
    running,
    save_plan,
    start_due,
    start_plan,
    stop_plan,
    sweep,
    take_back_plan,
    undo_run,
)
from analytics.outreach.services.running import work_on
from analytics.outreach.tests.making import (
    CHIEF,
    CLERK,
    DAY,
    HOUR,
    NOW,
    due,
    make_plan,
    make_segment,
    ran,
    started,
    statuses,
    worked,
)
from analytics.outreach.tests.test_choosing import prefer, refuse
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Delivery, Notification
from members.segments.models import SegmentMembership
from points.ledger.models import PointAccount, PointTransaction
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.tests.making import make_coupon, make_template
from shop.core import clock, invariants, outbox
from shop.core.errors import IllegalTransition
from shop.core.models import Alert

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 08:00


def as_it_is(plan):
    return Plan.objects.get(pk=plan.pk)


def no_law_is_broken():
    found = invariants.violations()
    return {name: said for name, said in found.items() if "outreach" in name or "ledger" in name} == {}


def test_coupon_points_and_message_come_together_and_once():
    plan = make_plan(
        members=3,
        coupon_template=make_template(),
        points=20,
        title="{coupon}",
        text="另有 {points} 积分",
        page=Page.COUPONS,
    )
    run = ran(plan)
    assert statuses(run) == [("done", "")] * 3
    assert (run.status, run.treated, run.control) == ("done", 3, 0)
    assert as_it_is(plan).end_reason == "done"
    told = Notification.objects.filter(event="outreach")
    assert {(row.title, row.body) for row in told} == {("满 100 减 20", "另有 20 积分")}
    assert {row.link for row in told} == {f"pages/coupons/index?campaign=outreach-{plan.pk}"}
    assert Notification.objects.filter(event="coupon_given").count() == 0
    assert Coupon.objects.filter(way="hand_out").count() == 3
    assert set(PointAccount.objects.values_list("available", flat=True)) == {20}
    worked(run)
    assert start_due(now=NOW + DAY) == sweep(now=NOW + DAY) == 0
    assert (Coupon.objects.count(), PointTransaction.objects.count(), told.count()) == (3, 3, 3)
    assert no_law_is_broken()


def test_a_silent_plan_tells_of_its_coupon_only():
    ran(make_plan(members=1, coupon_template=make_template(), speaks=False))
    assert list(Notification.objects.values_list("event", flat=True)) == ["coupon_given"]


def test_a_plan_that_is_started_runs_at_once_by_itself():
    with clock.fixed(NOW):
        plan = started(make_plan(members=2))
    with clock.fixed(NOW + HOUR):
        for days in (1, 2):
            outbox.deliver_due(now=clock.now() + days * DAY)
    assert statuses(plan.runs.get()) == [("done", "")] * 2


def test_a_run_that_dies_in_the_middle_goes_on_with_the_others(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 2)
    plan = started(make_plan(members=7, points=10))
    run, act, calls = due(plan), running.act, []

    def dies_in_its_third_batch(*given, **named):
        done = act(*given, **named)
        calls.append(len(done))
        if len(calls) == 3:
            raise SystemExit
        return done

    monkeypatch.setattr(running, "act", dies_in_its_third_batch)
    with pytest.raises(SystemExit):
        worked(run)
    # What the third batch had done died with it.
    assert [status for status, _reason in statuses(run)].count("done") == 4
    assert Notification.objects.filter(event="outreach").count() == PointTransaction.objects.count() == 4
    with clock.fixed(NOW + HOUR):
        assert sweep(now=NOW + HOUR) == 1
    assert statuses(run) == [("done", "")] * 7
    assert set(PointAccount.objects.values_list("available", flat=True)) == {10}
    assert Notification.objects.filter(event="outreach").count() == 7
    assert no_law_is_broken()


def test_a_choice_that_dies_is_made_anew(monkeypatch):
    plan = started(make_plan(members=3))
    run, choose = due(plan), running.choose

    def dies(*given, **named):
        choose(*given, **named)
        raise SystemExit

    monkeypatch.setattr(running, "choose", dies)
    with pytest.raises(SystemExit):
        worked(run)
    assert Contact.objects.count() == 0
    monkeypatch.setattr(running, "choose", choose)
    assert statuses(worked(run)) == [("done", "")] * 3


def test_in_quiet_hours_nothing_goes_out_and_nothing_is_lost():
    plan = started(make_plan(members=2, points=5), now=NIGHT)
    run = worked(due(plan, now=NIGHT), now=NIGHT)
    assert (run.status, run.not_before) == ("waiting", MORNING)
    assert Notification.objects.count() == Contact.objects.count() == 0
    with clock.fixed(MORNING - HOUR / 60):
        assert sweep(now=clock.now()) == 0
    with clock.fixed(MORNING):
        assert sweep(now=MORNING) == 1
    assert statuses(run) == [("done", "")] * 2
    assert set(Delivery.objects.values_list("status", flat=True)) >= {"sent"}


def test_a_run_that_goes_on_into_the_night_waits_in_the_middle(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 1)
    plan = started(make_plan(members=3))
    run = due(plan)
    work_on(run_id=run.pk, now=NOW)
    work_on(run_id=run.pk, now=NOW)
    worked(run, now=NIGHT)
    assert [status for status, _ in statuses(run)].count("done") == 1
    worked(run, now=MORNING)
    assert statuses(run) == [("done", "")] * 3


def test_who_has_left_or_refused_meanwhile_gets_nothing():
    members = [MemberFactory() for _ in range(4)]
    plan = started(make_plan(segment_ids=[make_segment(*members).pk], points=10))
    run = due(plan)
    work_on(run_id=run.pk, now=NOW)
    SegmentMembership.objects.filter(member=members[0]).delete()
    type(members[1]).objects.filter(pk=members[1].pk).update(status="blocked")
    refuse(members[2], "in_app", "subscribe")
    worked(run)
    assert statuses(run) == [("skipped", "no_longer"), ("skipped", "no_longer"), ("skipped", "opt_out"), ("done", "")]
    assert list(PointTransaction.objects.values_list("member_id", flat=True)) == [members[3].pk]


def test_who_may_not_have_another_coupon_hears_nothing_of_one():
    members = [MemberFactory() for _ in range(2)]
    template = make_template()
    make_coupon(members[0], template=template)
    run = ran(make_plan(segment_ids=[make_segment(*members).pk], coupon_template=template, points=7))
    assert statuses(run) == [("skipped", "coupon_limit_reached"), ("done", "")]
    assert Notification.objects.filter(member=members[0], event="outreach").count() == 0
    assert list(PointAccount.objects.values_list("member_id", "available")) == [(members[1].pk, 7)]


def test_coupons_that_run_out_pause_the_plan_and_a_refill_goes_on():
    template = make_template(total_limit=2)
    plan = make_plan(members=5, coupon_template=template, most_coupons=5)
    run = ran(plan)
    assert (as_it_is(plan).status, as_it_is(plan).trouble) == ("paused", "coupon_not_given_now")
    assert [status for status, _ in statuses(run)].count("done") == 2
    assert Alert.objects.filter(cause=f"outreach.trouble:{plan.pk}").count() == 1
    assert sweep(now=NOW + HOUR) == 0
    CouponTemplate.objects.update(total_limit=10)
    resume_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    worked(run)
    assert statuses(run) == [("done", "")] * 5
    assert Coupon.objects.count() == 5
    assert Alert.objects.filter(cause__startswith="outreach.trouble").count() == 0


def test_a_paused_plan_rests_and_a_stopped_one_ends(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 1)
    plan = started(make_plan(members=3))
    run = due(plan)
    work_on(run_id=run.pk, now=NOW)
    work_on(run_id=run.pk, now=NOW)
    pause_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    worked(run)
    assert [status for status, _ in statuses(run)].count("done") == 1
    resume_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    work_on(run_id=run.pk, now=NOW)
    stop_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    run = worked(run)
    assert sorted(status for status, _ in statuses(run)) == ["cancelled", "done", "done"]
    assert (run.status, as_it_is(plan).status, as_it_is(plan).end_reason) == ("stopped", "ended", "stopped")
    for verb in (pause_plan, resume_plan, stop_plan, start_plan):
        with pytest.raises(IllegalTransition):
            verb(plan_id=plan.pk, actor=CLERK, now=NOW)
    assert no_law_is_broken()


def test_undoing_takes_back_what_can_be():
    template = make_template()
    plan = make_plan(members=3, coupon_template=template, points=20)
    run = ran(plan)
    used = Coupon.objects.order_by("pk").first()
    Coupon.objects.filter(pk=used.pk).update(status="used", used_at=NOW, order_number="M1")
    undo_run(run_id=run.pk, actor=CHIEF, now=NOW + DAY)
    with pytest.raises(RunNotUndoable):
        undo_run(run_id=run.pk, actor=CHIEF, now=NOW + DAY)
    run = worked(run, now=NOW + DAY)
    assert (run.status, run.undone_by) == ("undone", "staff:chief")
    assert sorted(Coupon.objects.values_list("status", flat=True)) == ["used", "void", "void"]
    assert set(Coupon.objects.filter(status="void").values_list("voided_by", flat=True)) == {"staff:chief"}
    assert set(PointAccount.objects.values_list("available", flat=True)) == {0}
    assert statuses(run) == [("undone", "")] * 3
    assert no_law_is_broken()


def test_a_plan_for_many_waits_for_a_second_person():
    prefer("outreach.approval_people", 2)
    plan = started(make_plan(members=3))
    assert plan.status == "awaiting"
    assert start_due(now=NOW) == 0
    assert Alert.objects.filter(cause="outreach.waiting").count() == 1
    with pytest.raises(PlanApproverIsAuthor):
        approve_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    assert as_it_is(plan).status == "awaiting"
    approve_plan(plan_id=plan.pk, actor=CHIEF, now=NOW)
    assert Alert.objects.filter(cause="outreach.waiting").count() == 0
    assert worked(due(plan)).treated == 3


def test_what_is_asked_for_can_be_taken_back_and_changed():
    prefer("outreach.approval_people", 2)
    plan = started(make_plan(members=3))
    plan = take_back_plan(plan_id=plan.pk, actor=CLERK, now=NOW)
    plan.most_people = 2
    save_plan(plan=plan, actor=CLERK, now=NOW)
    assert started(plan).status == "live"
    with pytest.raises(PlanNotEditable):
        save_plan(plan=plan, actor=CLERK, now=NOW)


def test_who_comes_later_does_not_lift_a_plan_over_the_limit_of_one_person():
    prefer("outreach.approval_people", 3)
    plan = started(make_plan(members=2))
    assert (plan.status, plan.ceiling) == ("live", 3)
    make_segment(*(MemberFactory() for _ in range(4)))
    run = worked(due(plan))
    assert (run.treated, run.left_out) == (3, {"budget": 3})


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"every": Every.DAY}, True),
        ({"every": Every.DAY, "most_people": 10}, False),
        ({"every": Every.DAY, "most_people": 10, "points": 50}, False),
        ({"every": Every.DAY, "most_people": 10, "points": 51}, True),
        ({"points": 250}, False),
        ({"points": 251}, True),
        ({"every": Every.DAY, "points": 100, "most_points": 500}, False),
        ({"every": Every.DAY, "points": 1, "most_points": 501}, True),
    ],
)
def test_what_needs_a_second_person(fields, waits):
    prefer("outreach.approval_people", 10)
    prefer("outreach.approval_points", 500)
    assert (started(make_plan(members=2, **fields)).status == "awaiting") is waits


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"speaks": False},
        {"segment_ids": []},
        {"page": Page.PRODUCT},
        {"text": "{coupon}"},
        {"text": "{nickname}"},
        {"ends_at": NOW},
    ],
)
def test_what_cannot_work_does_not_start(fields):
    plan = make_plan(**{"segment_ids": [make_segment(MemberFactory()).pk], **fields})
    with pytest.raises(PlanIncomplete):
        started(plan)
    assert as_it_is(plan).status == "draft"


def test_a_coupon_that_is_not_given_out_does_not_start():
    for fields in ({"status": "paused"}, {"way": "codes"}):
        with pytest.raises(PlanIncomplete):
            started(make_plan(members=1, coupon_template=make_template(**fields)))
    assert Run.objects.count() == 0


def test_a_budget_that_is_spent_ends_what_is_repeated():
    plan = started(make_plan(members=3, every=Every.DAY, hour=12, rest_days=0, most_people=5), now=NOW - HOUR)
    assert worked(due(plan)).treated == 3
    assert as_it_is(plan).status == "live"
    second = worked(due(plan, now=NOW + DAY), now=NOW + DAY)
    assert (second.treated, second.left_out) == (2, {"budget": 1})
    assert (as_it_is(plan).status, as_it_is(plan).end_reason) == ("ended", "budget")


def test_a_plan_whose_time_is_over_ends_and_who_waits_gets_nothing():
    plan = make_plan(members=2, every=Every.DAY, hour=12, most_people=9, ends_at=NOW + HOUR)
    started(plan, now=NOW - HOUR)
    run = due(plan)
    work_on(run_id=run.pk, now=NOW)
    assert start_due(now=NOW + HOUR) == 0
    assert (as_it_is(plan).end_reason, statuses(run)) == ("window", [("cancelled", "")] * 2)
    assert Notification.objects.filter(event="outreach").count() == 0


def test_a_long_run_is_not_overtaken_by_the_next():
    plan = started(make_plan(members=1, every=Every.DAY, hour=12, rest_days=0, most_people=9), now=NOW - HOUR)
    run = due(plan)
    assert start_due(now=NOW + DAY) == 0
    assert as_it_is(plan).next_run_at == NOW + 2 * DAY
    worked(run)
    assert Run.objects.count() == 1


def test_a_copy_is_a_draft_with_a_draw_of_its_own():
    plan = started(make_plan(members=1, points=5))
    copied = copy_plan(plan_id=plan.pk, actor=CHIEF, now=NOW)
    assert (copied.status, copied.points, copied.created_by) == ("draft", 5, "staff:chief")
    assert copied.segment_ids == plan.segment_ids
    assert (copied.pk, copied.next_run_at, copied.submitted_by) != (plan.pk, plan.next_run_at, plan.submitted_by)
