"""The merchant makes tasks, publishes and pauses them; check-ins are looked at."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from points.tasks.models import CheckIn, RewardStep, Task
from points.tasks.services import check_in, complete_task
from points.tasks.tests.making import draft_of, task_of
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"
CHINESE = {"accept-language": "zh-CN"}


def form(steps=(), **values):
    """What the browser sends for a task with these rows."""
    rows = {
        f"steps-{n}-{name}": value
        for n, row in enumerate(steps)
        for name, value in zip(("number", "points"), row, strict=True)
    }
    return {
        "name": "写评价",
        "name_en": "",
        "code": "review",
        "kind": "review",
        "description": "",
        "link": "",
        "position": 0,
        "period": "daily",
        "times": 2,
        "target": 1,
        "on_month": "",
        "on_day": "",
        "points": 20,
        "after_last": "repeat",
        "expiry_policy": "",
        "starts_at_0": "",
        "starts_at_1": "",
        "ends_at_0": "",
        "ends_at_1": "",
        "total_cap": "",
        "daily_cap": "",
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": 0,
        **rows,
        **values,
    }


def test_a_task_is_made_published_and_paused(admin_client, member):
    assert admin_client.post(f"{LIST}add/", form(steps=[(1, 20), (2, 5)])).status_code == 302
    task = Task.objects.get(code="review")
    assert (task.status, list(task.steps.values_list("points", flat=True))) == ("draft", [20, 5])
    shown = admin_client.get(f"{LIST}{task.pk}/publish/", headers=CHINESE).content.decode()
    assert "20 · 5" in shown
    admin_client.post(f"{LIST}{task.pk}/publish/", {"do": "publish"})
    task.refresh_from_db()
    assert (task.status, task.live_since is None) == ("live", False)
    assert admin_client.get(f"{LIST}{task.pk}/pause/", headers=CHINESE).status_code == 200
    task.refresh_from_db()
    assert task.status == "live"
    admin_client.post(f"{LIST}{task.pk}/pause/")
    task.refresh_from_db()
    assert task.status == "paused"
    assert [each.change_message for each in LogEntry.objects.order_by("pk")][1:] == ["已发布", "已暂停"]


def test_what_is_live_is_not_changed_and_what_was_keeps_its_code(admin_client):
    task = task_of("review")
    assert admin_client.post(f"{LIST}{task.pk}/change/", form(points=99)).status_code == 403
    assert Task.objects.get(pk=task.pk).points == 10
    admin_client.post(f"{LIST}{task.pk}/pause/")
    admin_client.post(f"{LIST}{task.pk}/change/", form(points=99, code="other", kind="browse"))
    task.refresh_from_db()
    assert (task.points, task.code, task.kind, task.status) == (99, "review", "review", "paused")


@pytest.mark.parametrize(
    ("changes", "steps", "complaint"),
    [
        ({}, [(1, 5), (3, 10)], "连续编号"),
        ({"target": 0}, [], "大于或等于"),
        ({"daily_cap": 0}, [], "大于或等于"),
        ({"kind": "member_day", "on_month": 11}, [], "请填写是几号"),
        (
            {"starts_at_0": "2026-03-02", "starts_at_1": "00:00", "ends_at_0": "2026-03-01", "ends_at_1": "00:00"},
            [],
            "结束",
        ),
    ],
)
def test_what_makes_no_sense_is_named(admin_client, changes, steps, complaint):
    answer = admin_client.post(f"{LIST}add/", form(steps=steps, **changes), headers=CHINESE)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not Task.objects.filter(code="review").exists()


def test_what_a_kind_decides_is_not_asked_for(admin_client):
    admin_client.post(f"{LIST}add/", form(code="p", kind="profile", period="daily", times=5, target=7))
    admin_client.post(f"{LIST}add/", form(code="m", kind="member_day", period="daily"))
    made = Task.objects.filter(code__in=("p", "m")).order_by("code")
    assert list(made.values_list("period", "times", "target")) == [("monthly", 1, 1), ("once", 1, 1)]


def test_rewarding_the_act_of_sharing_is_warned_of(admin_client, admin_user):
    page = f"{LIST}{draft_of('share_act').pk}/publish/"
    assert "微信禁止" in admin_client.get(page, headers=CHINESE).content.decode()
    refused = admin_client.post(page, {"do": "publish"}, headers=CHINESE)
    assert "请确认知悉" in refused.content.decode()
    assert Task.objects.get(code="share-act").status == "draft"
    admin_client.post(page, {"do": "publish", "acknowledged": "on"})
    task = Task.objects.get(code="share-act")
    assert (task.status, task.kind, task.rule_acknowledged_by) == ("live", "share_act", f"staff:{admin_user.username}")


def test_the_friends_visit_is_offered_instead(admin_client):
    page = f"{LIST}{draft_of('share_act').pk}/publish/"
    admin_client.post(page, {"do": "reward_visit"})
    task = Task.objects.get(code="share-act")
    assert (task.status, task.kind, task.rule_acknowledged_at) == ("live", "share", None)


def test_the_streak_table_is_edited_row_by_row(admin_client):
    task = Task.objects.get(kind="check_in")
    admin_client.post(f"{LIST}{task.pk}/pause/")
    steps = list(RewardStep.objects.filter(task=task))
    data = form(name="签到", code="check-in", kind="check_in", after_last="stay")
    for n, step in enumerate(steps):
        data |= {f"steps-{n}-id": step.pk, f"steps-{n}-task": task.pk, f"steps-{n}-number": n + 1}
        data |= {f"steps-{n}-points": 100 + n}
    data |= {"steps-TOTAL_FORMS": 7, "steps-INITIAL_FORMS": 7}
    answer = admin_client.post(f"{LIST}{task.pk}/change/", data)
    assert answer.status_code == 302, answer.context["errors"]
    assert list(task.steps.values_list("points", flat=True)) == [100, 101, 102, 103, 104, 105, 106]
    assert task.steps.first().history.latest().points == 100


def test_check_ins_are_shown_with_a_chart(admin_client, member, django_assert_max_num_queries):
    assert "近 30 天签到" not in admin_client.get("/admin/tasks/checkin/", headers=CHINESE).content.decode()
    check_in(member_id=member.pk, now=clock.now())
    with django_assert_max_num_queries(12):
        page = admin_client.get("/admin/tasks/checkin/", headers=CHINESE).content.decode()
    assert "近 30 天签到" in page
    assert "近 30 天签到" in admin_client.get("/admin/", headers=CHINESE).content.decode()


def test_a_members_page_shows_the_streak_and_what_was_done(admin_client, member):
    task_of("share_act", name="每日分享")
    complete_task(member_id=member.pk, code="share-act", now=clock.now())
    check_in(member_id=member.pk, now=clock.now())
    page = admin_client.get(f"/admin/identity/member/{member.pk}/change/", headers=CHINESE).content.decode()
    assert "已连续签到 1 天" in page
    assert "每日分享" in page


def test_who_may_only_look_publishes_nothing():
    clerk = StaffUser.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_task"))
    client = Client()
    client.force_login(clerk)
    task = draft_of("review")
    assert client.get(f"{LIST}{task.pk}/change/").status_code == 200
    assert client.post(f"{LIST}{task.pk}/publish/", {"do": "publish"}).status_code == 403
    assert Task.objects.get(pk=task.pk).status == "draft"
    assert CheckIn.objects.count() == 0
