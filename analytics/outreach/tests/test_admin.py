"""The screens: a ready-made plan in two clicks, steps by role, forms without numbers of rows, and the result."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.translation import override

from analytics.outreach.admin.reading import sentence_of
from analytics.outreach.demo import load
from analytics.outreach.lift import Part
from analytics.outreach.models import Every, Plan, Recipe, Run, Whom
from analytics.outreach.recipes import READY, begin_with
from analytics.outreach.results import Cost, Result, Seen
from analytics.outreach.services import start_due
from analytics.outreach.services.life import lacks
from analytics.outreach.tests.making import CLERK, NOW, make_plan, make_segment, ran, worked
from analytics.outreach.tests.test_choosing import prefer
from members.identity.tests.factories import MemberFactory
from members.segments.models import Segment
from promotions.coupons.tests.making import make_live_template, make_template
from shop.core import clock
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db

LIST, READY_PAGE = "admin:outreach_plan_changelist", "admin:outreach_plan_ready_made"


def page(name, *args):
    return reverse(name, args=args)


def step(plan, name):
    return page("admin:outreach_plan_step", plan.pk, name)


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def roles(db, client):
    seed_roles()
    create_role_accounts(password="p")

    def sign_in(account):
        client.force_login(StaffUser.objects.get(username=account))
        return client

    return sign_in


@pytest.mark.parametrize("ready", READY, ids=[str(ready.recipe) for ready in READY])
def test_every_ready_made_plan_could_start_as_it_is(ready):
    plan = begin_with(recipe=ready.recipe, actor=CLERK, now=NOW)
    plan.full_clean()
    assert (plan.status, plan.recipe, lacks(plan, now=NOW)) == ("draft", ready.recipe, [])
    assert plan.title
    if ready.stage:
        assert Segment.objects.get(pk=plan.segment_ids[0]).code == f"stage-{ready.stage.replace('_', '-')}"


def test_two_clicks_start_a_ready_made_plan(admin_client):
    members = [MemberFactory() for _ in range(3)]
    assert all(str(ready.recipe) in text_of(admin_client.get(page(READY_PAGE))) for ready in READY)
    answer = admin_client.post(page(READY_PAGE), {"recipe": Recipe.RULES})
    plan = Plan.objects.get()
    assert answer.url == step(plan, "start")
    shown = text_of(admin_client.get(answer.url))
    assert members[0].nickname in shown
    assert admin_client.post(answer.url).url == page("admin:outreach_plan_change", plan.pk)
    plan.refresh_from_db()
    assert (plan.status, plan.submitted_by) == ("live", "staff:admin")
    assert LogEntry.objects.filter(object_id=str(plan.pk)).count() == 2
    assert start_due(now=clock.now()) == 1
    assert admin_client.post(page(READY_PAGE), {"recipe": "none"}).status_code == 404


def test_a_plan_is_filled_in_and_previewed_with_what_it_costs_at_most(admin_client):
    members = [MemberFactory() for _ in range(3)]
    segment, coupon = make_segment(*members, now=clock.now()), make_live_template()
    make_template(way="codes")
    form = admin_client.get(page("admin:outreach_plan_add")).context["adminform"].form
    assert list(form.fields["coupon_template"].queryset) == [coupon]
    given = {
        "name": "茶友回访",
        "whom": Whom.SEGMENTS,
        "segments": [segment.pk],
        "idle_hours": 4,
        "within_days": 7,
        "coupon_template": coupon.pk,
        "points": 30,
        "speaks": "on",
        "title": "送您 {coupon}",
        "text": "另有 {points} 积分",
        "page": "coupons",
        "every": Every.ONCE,
        "hour": 10,
        "weekday": 0,
        "month_day": 1,
        "rest_days": 30,
        "control_bp": "0",
        "window_days": 7,
    }
    lacking = admin_client.post(page("admin:outreach_plan_add"), {**given, "segments": []})
    assert "segments" in lacking.context["adminform"].form.errors
    assert Plan.objects.count() == 0
    admin_client.post(page("admin:outreach_plan_add"), given)
    plan = Plan.objects.get()
    assert (plan.segment_ids, plan.points, plan.created_by) == ([segment.pk], 30, "staff:admin")
    shown = text_of(admin_client.get(step(plan, "start")))
    # Three members: 90 points are 90 fen, three coupons of 20 yuan.
    assert all(each in shown for each in ("¥0.90", "¥60.00"))
    worked_run = ran(plan, now=clock.now().replace(hour=4))
    change = text_of(admin_client.get(page("admin:outreach_plan_change", plan.pk)))
    assert "regulars" in change
    assert 'name="title"' not in change
    assert str(worked_run.plan) in text_of(admin_client.get(page("admin:outreach_run_change", worked_run.pk)))
    admin_client.post(page("admin:outreach_plan_change", plan.pk), {**given, "name": "x"})
    assert Plan.objects.get().name == "茶友回访"


def test_what_lacks_something_has_no_button_to_start(admin_client):
    plan = make_plan(members=1, coupon_template=make_template(status="paused"))
    shown = admin_client.get(step(plan, "start"))
    assert len(shown.context["lacking"]) == 1
    assert admin_client.post(step(plan, "start")).status_code == 200
    assert Plan.objects.get().status == "draft"


def test_a_second_person_approves(roles):
    prefer("outreach.approval_people", 1)
    plan = make_plan(members=2, now=clock.now())
    operator = roles("operator")
    assert operator.get(step(plan, "start")).context["waits"]
    operator.post(step(plan, "start"))
    operator.post(step(plan, "approve"))
    assert Plan.objects.get().status == "awaiting"
    roles("owner").post(step(plan, "approve"))
    assert (Plan.objects.get().status, Plan.objects.get().approved_by) == ("live", "staff:owner")


def test_who_may_do_what(roles):
    plan = make_plan(members=1)
    run = ran(make_plan(members=1))
    looks = (page(LIST), step(plan, "result"), page("admin:outreach_run_change", run.pk))
    deeds = (
        (page(READY_PAGE), {"recipe": Recipe.RULES}),
        (step(plan, "start"), {}),
        (step(plan, "copy"), {}),
        (page("admin:outreach_run_undo", run.pk), {}),
    )
    for account, sees in (("analyst", 200), ("service", 403), ("finance", 403), ("warehouse", 403)):
        client = roles(account)
        assert [client.get(address).status_code for address in looks] == [sees] * len(looks), account
        assert [client.post(address, body).status_code for address, body in deeds] == [403] * len(deeds), account
    assert Plan.objects.count() == 2
    assert Run.objects.get().status == "done"
    client = roles("operator")
    assert client.get(step(plan, "copy")).status_code == 405
    assert client.post(step(plan, "nothing")).status_code == 404
    assert [client.post(address, body).status_code for address, body in deeds] == [302] * len(deeds)
    assert Run.objects.get(pk=run.pk).status == "undoing"
    worked(Run.objects.get(pk=run.pk), now=clock.now())
    assert Run.objects.get(pk=run.pk).undone_by == "staff:operator"


def test_the_list_costs_the_same_for_many_plans(admin_client, django_assert_max_num_queries):
    segment = make_segment(MemberFactory())
    for _ in range(12):
        make_plan(segment_ids=[segment.pk])
    admin_client.get(page(LIST))
    with django_assert_max_num_queries(12):
        admin_client.get(page(LIST))


def said(treated, control):
    result = Result(
        Part(*treated), Part(*control), Seen(0, 0, 0, 0), Cost(0, 0, 0, 0), 0, {"treated": [], "control": []}
    )
    with override("en"):
        return sentence_of(result)


def test_the_sentence_says_how_sure_it_is():
    assert said((100, 9), (0, 0)).startswith("Without a control group")
    assert said((20, 9), (20, 1)) == "Too few to tell: 20 members reached, 20 held out, 10 of them all bought."
    # Newcombe's examples.
    better = said((70, 56), (80, 48))
    assert better == (
        "It works: of 100 members 20.0 more bought because of it; with 95 percent confidence 5.2 to 33.4."
    )
    worse = said((80, 48), (70, 56))
    assert worse == "It harms: of 100 members 20.0 fewer bought; with 95 percent confidence 5.2 to 33.4."
    assert "anything from" in said((300, 30), (100, 9))


def test_the_demo_has_a_plan_with_a_result(admin_client):
    for _ in range(12):
        MemberFactory()
    load(size="small", now=clock.now())
    load(size="small", now=clock.now())
    run = Run.objects.get()
    assert (run.status, run.treated + run.control) == ("done", 12)
    assert Plan.objects.count() == 2
    shown = text_of(admin_client.get(step(run.plan, "result")))
    assert re.search(r'id="said"', shown)
    assert "<canvas" in shown
    assert text_of(admin_client.get(page("admin:outreach_run_result", run.pk)))
