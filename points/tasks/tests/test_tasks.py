"""Tasks are done when the shop has seen it, in their period, for those whom they are for."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services import block_member
from members.identity.services.sessions import open_session
from members.identity.tests.factories import MemberFactory, client_for
from members.invitations.tests.factories import invite
from members.segments.models import Segment
from members.segments.services import add_to_segment
from members.tiers.models import Tier
from orders.payments.tests.factories import deliver_outbox
from points.ledger.models import PointTransaction
from points.tasks.errors import (
    BrowsingNotStarted,
    ShareRuleNotAcknowledged,
    TaskDone,
    TaskNotFinished,
    TaskNotFound,
    TaskNotReady,
    TaskUsedUp,
)
from points.tasks.models import ShareVisit, Task, TaskCompletion, TaskEvent
from points.tasks.queries import tasks_of
from points.tasks.services import (
    beat,
    complete_task,
    pause_task,
    publish_task,
    record_task_event,
    record_visit,
    start_browsing,
)
from points.tasks.tests.making import NOON, STAFF, at, draft_of, points_of, task_of
from shop.core import clock
from shop.core.errors import IllegalTransition

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def done(member, code, now=NOON, **more):
    return complete_task(member_id=member.pk, code=code, now=now, **more)


def listed(member, now):
    return {each["code"]: each for each in tasks_of(member=Member.objects.get(pk=member.pk), now=now)}


def happened(member, kind, reference, now=NOON, at_=None):
    with transaction.atomic():
        return record_task_event(kind=kind, member_id=member.pk, reference=reference, at=at_ or now, now=now)


def test_a_profile_is_rewarded_once_it_is_complete(member):
    task_of("profile", points=50)
    with pytest.raises(TaskNotFinished) as refused:
        done(member, "profile")
    assert refused.value.data == {"progress": 1, "target": 4}
    assert (points_of(member, NOON), TaskCompletion.objects.count()) == (0, 0)
    Member.objects.filter(pk=member.pk).update(
        nickname="小满", avatar_url="https://a.cn/1.png", birthday=at(1994, 5, 21)
    )
    assert done(member, "profile") == 50
    with pytest.raises(TaskDone):
        done(member, "profile", now=NOON + 400 * DAY)
    assert points_of(member, NOON) == 50


def test_what_a_client_says_it_did_is_not_enough(member, member_client):
    for kind in ("share", "invite", "invite_order", "review", "browse"):
        task_of(kind, code=kind.replace("_", "-"), period="daily")
        answer = member_client.post(f"/api/v1/points/tasks/{kind.replace('_', '-')}/complete")
        assert (answer.status_code, answer.json()["code"]) == (409, "task_not_finished"), kind
        assert answer.json()["data"] == {"progress": 0, "target": 1}
    assert PointTransaction.objects.count() == 0


def test_drafts_and_paused_tasks_earn_nothing_and_are_not_shown(member):
    draft = draft_of("review")
    assert happened(member, "review", "review:1") == 0
    publish_task(task_id=draft.pk, actor=STAFF, now=NOON)
    assert happened(member, "review", "review:2") == 1
    pause_task(task_id=draft.pk, actor=STAFF, now=NOON)
    assert "review" not in listed(member, NOON)
    with pytest.raises(TaskNotFound):
        done(member, "review")
    assert points_of(member, NOON) == 10


def test_an_event_counts_once_and_in_the_period_in_which_it_happened(member):
    task_of("review", period="daily", times=2)
    assert [happened(member, "review", ref) for ref in ("r1", "r1", "r2", "r3")] == [1, 0, 1, 0]
    yesterday = NOON - DAY
    assert happened(member, "review", "r4", at_=yesterday) == 1
    assert happened(member, "review", "r5", at_=at(2026, 3, 10, 23, 59, 59), now=NOON + DAY) == 0
    assert happened(member, "review", "r6", at_=at(2026, 3, 11, 0, 0), now=NOON + DAY) == 1
    assert sorted(TaskCompletion.objects.values_list("period_key", "number")) == [
        ("2026-03-09", 1),
        ("2026-03-10", 1),
        ("2026-03-10", 2),
        ("2026-03-11", 1),
    ]


def test_so_many_times_for_one_reward_and_a_table_by_time(member):
    task_of("review", period="monthly", times=2, target=2, steps=(20, 5))
    assert [happened(member, "review", f"r{n}") for n in range(5)] == [0, 1, 0, 1, 0]
    assert points_of(member, NOON) == 25
    shown = listed(member, NOON)["review"]
    assert (shown["done"], shown["times"], shown["state"], shown["progress"]) == (2, 2, "done", 2)


def test_the_list_says_how_far_a_member_is(member):
    task_of("review", period="monthly", target=3, points=30)
    happened(member, "review", "r1")
    shown = listed(member, NOON)["review"]
    assert (shown["progress"], shown["target"], shown["points"], shown["state"]) == (1, 3, 30, "open")
    assert listed(member, at(2026, 4, 1, 0, 0))["review"]["progress"] == 0


def test_a_window_is_open_from_its_first_instant_until_before_its_last(member):
    start, end = at(2026, 12, 31, 0, 0), at(2027, 1, 1, 0, 0)
    task_of("review", period="daily", times=9, starts_at=start, ends_at=end)
    instants = (start - SECOND, start, end - SECOND, end)
    assert [happened(member, "review", f"r{n}", now=each) for n, each in enumerate(instants)] == [0, 1, 1, 0]


def test_a_task_is_for_the_tiers_and_segments_that_it_names(member):
    task = task_of("review", period="daily", times=9)
    task.tiers.set(Tier.objects.filter(code="gold"))
    assert (happened(member, "review", "r1"), "review" in listed(member, NOON)) == (0, False)
    task.tiers.set(Tier.objects.filter(code="normal"))
    assert (happened(member, "review", "r2"), "review" in listed(member, NOON)) == (1, True)
    segment = Segment.objects.create(code="vip", name="VIP")
    task.segments.set([segment])
    assert (happened(member, "review", "r3"), "review" in listed(member, NOON)) == (0, False)
    add_to_segment(segment_id=segment.pk, member_id=member.pk, until=NOON + DAY, now=NOON)
    assert happened(member, "review", "r4") == 1
    assert happened(member, "review", "r5", now=NOON + DAY) == 0


def test_an_invited_friend_is_rewarded_when_registered_and_when_the_order_settles(member):
    task_of("invite", points=100, period="monthly", times=10)
    task_of("invite_order", points=300, period="monthly", times=10)
    invite(member, now=NOON)
    deliver_outbox()
    assert points_of(member, clock.now()) == 100
    deliver_outbox()
    assert list(TaskCompletion.objects.values_list("task__code", "points")) == [("invite", 100)]


def test_a_blocked_member_earns_nothing(member):
    task_of("review")
    block_member(member_id=member.pk, actor=STAFF, now=NOON)
    assert happened(member, "review", "r1") == 0
    assert TaskEvent.objects.count() == 0


def test_caps_of_a_day_and_in_all_end_the_rewards(member):
    others = [MemberFactory() for _ in range(3)]
    task_of("review", daily_cap=2, total_cap=3)
    assert [happened(each, "review", f"r{each.pk}") for each in others] == [1, 1, 0]
    assert listed(others[2], NOON)["review"]["state"] == "used_up"
    with pytest.raises(TaskUsedUp):
        done(others[2], "review")
    assert done(others[2], "review", now=NOON + DAY) == 10
    assert happened(member, "review", "r9", now=NOON + 2 * DAY) == 0
    assert (Task.objects.get(code="review").completed, TaskCompletion.objects.count()) == (3, 3)
    assert points_of(member, NOON + 2 * DAY) == 0


def test_a_cap_that_comes_later_counts_what_was_given_before(member):
    task = task_of("review", period="daily")
    happened(member, "review", "r1")
    pause_task(task_id=task.pk, actor=STAFF, now=NOON)
    Task.objects.filter(pk=task.pk).update(total_cap=1)
    publish_task(task_id=task.pk, actor=STAFF, now=NOON)
    assert Task.objects.get(pk=task.pk).completed == 1
    assert happened(MemberFactory(), "review", "r2") == 0


def test_browsing_is_measured_by_the_shops_clock(member):
    task_of("browse", code="look", target=10, period="daily")
    token = start_browsing(member_id=member.pk, code="look", now=NOON).token
    with pytest.raises(TaskNotFinished):
        done(member, "look", now=NOON + 9 * SECOND, token=token)
    # Nothing of the refused try was kept, and a pause of more than fifteen seconds is none of the page's.
    beat(member_id=member.pk, code="look", token=token, now=NOON + 5 * SECOND)
    beat(member_id=member.pk, code="look", token=token, now=NOON + 25 * SECOND)
    visit = beat(member_id=member.pk, code="look", token=token, now=NOON + 29 * SECOND)
    assert visit.milliseconds == 9000
    assert done(member, "look", now=NOON + 30 * SECOND, token=token) == 10
    with pytest.raises(TaskDone):
        done(member, "look", now=NOON + 60 * SECOND, token=token)


def test_browsing_on_two_devices_counts_once(member):
    task_of("browse", code="look", target=10, period="daily")
    first = start_browsing(member_id=member.pk, code="look", now=NOON).token
    second = start_browsing(member_id=member.pk, code="look", now=NOON + SECOND).token
    with pytest.raises(BrowsingNotStarted):
        beat(member_id=member.pk, code="look", token=first, now=NOON + 5 * SECOND)
    with pytest.raises(BrowsingNotStarted):
        beat(member_id=member.pk, code="look", token=uuid4(), now=NOON + 5 * SECOND)
    assert beat(member_id=member.pk, code="look", token=second, now=NOON + 5 * SECOND).milliseconds == 4000


def test_what_was_browsed_yesterday_is_not_todays(member):
    task_of("browse", code="look", target=10, period="daily")
    midnight = at(2026, 3, 11, 0, 0)
    token = start_browsing(member_id=member.pk, code="look", now=midnight - 9 * SECOND).token
    beat(member_id=member.pk, code="look", token=token, now=midnight - SECOND)
    with pytest.raises(BrowsingNotStarted):
        beat(member_id=member.pk, code="look", token=token, now=midnight)
    assert start_browsing(member_id=member.pk, code="look", now=midnight).milliseconds == 0


def test_browsing_by_the_api(member_client):
    task_of("browse", code="look", target=10, period="daily")
    started = member_client.post("/api/v1/points/tasks/look/start")
    assert (started.status_code, started.json()["seconds"], started.json()["target_seconds"]) == (201, 0, 10)
    token = started.json()["token"]
    assert member_client.post("/api/v1/points/tasks/look/beat", {"token": token}).json()["seconds"] == 0
    answer = member_client.post("/api/v1/points/tasks/look/complete", {"token": token})
    assert answer.json()["code"] == "task_not_finished"


def visit(member, visitor=None, now=NOON, **origin):
    found = record_visit(
        invite_code=member.invite_code, visitor_id=visitor.pk if visitor else None, origin=Origin(**origin), now=now
    )
    deliver_outbox()
    return found


def test_a_friends_visit_is_rewarded_once_a_day_and_ones_own_is_not(member):
    task_of("share", period="daily", times=3, points=5)
    friend, other = MemberFactory(), MemberFactory()
    assert visit(member, member) is None
    assert visit(member, friend) is not None
    assert visit(member, friend) is None
    visit(member, other)
    assert points_of(member, clock.now()) == 10
    visit(member, friend, now=NOON + DAY)
    assert points_of(member, clock.now()) == 15


def test_a_friend_who_comes_every_day_counts_once_for_a_weekly_task(member):
    task_of("share", period="weekly", target=2, points=5)
    friend = MemberFactory()
    for day in range(3):
        visit(member, friend, now=NOON + day * DAY)
    assert (ShareVisit.objects.count(), TaskEvent.objects.count(), points_of(member, clock.now())) == (3, 1, 0)
    visit(member, MemberFactory(), now=NOON + DAY)
    assert points_of(member, clock.now()) == 5


def test_strangers_count_by_their_address_and_never_from_where_the_member_is(member):
    task_of("share", period="daily", times=9, points=5)
    open_session(member=member, origin=Origin(device="d1", address="203.0.113.7"), now=NOON)
    assert visit(member, address="203.0.113.7") is None
    assert visit(member, address=None) is None
    assert visit(member, MemberFactory(), device="d1") is None
    assert visit(member, address="203.0.113.8") is not None
    assert visit(member, address="203.0.113.8") is None
    assert "203.0.113" not in ShareVisit.objects.get().visitor


def test_a_visit_is_answered_alike_whatever_it_brings(api, member, member_client):
    task_of("share", period="daily")
    for client, code in ((api, "NOBODY"), (api, member.invite_code), (member_client, member.invite_code)):
        answer = client.post("/api/v1/points/share-visits", {"invite_code": code})
        assert (answer.status_code, answer.json()) == (202, {})
    assert client_for(MemberFactory()).post("/api/v1/points/share-visits", {"invite_code": "-"}).status_code == 400


def test_rewarding_the_act_of_sharing_needs_somebody_who_knows(member):
    draft = draft_of("share_act", times=2, points=3)
    with pytest.raises(ShareRuleNotAcknowledged):
        publish_task(task_id=draft.pk, actor=STAFF, now=NOON)
    assert Task.objects.get(pk=draft.pk).status == "draft"
    task = publish_task(task_id=draft.pk, actor=STAFF, now=NOON, acknowledges_share_rule=True)
    assert (task.rule_acknowledged_by, task.period) == ("staff:tester", "daily")
    assert [done(member, "share-act") for _ in range(2)] == [3, 3]
    with pytest.raises(TaskDone):
        done(member, "share-act")
    assert done(member, "share-act", now=NOON + DAY) == 3


def test_the_friends_visit_can_be_rewarded_instead(member):
    draft = draft_of("share_act")
    task = publish_task(task_id=draft.pk, actor=STAFF, now=NOON, rewards_visit=True)
    assert (task.kind, task.rule_acknowledged_at) == ("share", None)
    with pytest.raises(TaskNotFinished):
        done(member, "share-act")


def test_what_cannot_earn_does_not_go_live():
    ended = draft_of("review", code="ended", ends_at=NOON)
    empty = draft_of("review", code="empty", points=0)
    second = draft_of("check_in", code="second")
    for draft in (ended, empty, second):
        with pytest.raises(TaskNotReady):
            publish_task(task_id=draft.pk, actor=STAFF, now=NOON)
    assert set(Task.objects.filter(code__in=("ended", "empty", "second")).values_list("status", flat=True)) == {"draft"}
    with pytest.raises(IllegalTransition):
        pause_task(task_id=ended.pk, actor=STAFF, now=NOON)


def test_the_check_in_is_among_the_tasks(member):
    shown = listed(member, NOON)["check-in"]
    assert (shown["points"], shown["state"], shown["done"]) == (5, "open", 0)
    assert done(member, "check-in") == 5
    with pytest.raises(TaskDone):
        done(member, "check-in", now=NOON + SECOND)
    assert listed(member, NOON)["check-in"]["state"] == "done"
    assert listed(member, NOON + DAY)["check-in"]["points"] == 5


def test_the_history_of_points_names_the_task(member, member_client):
    task_of("share_act", name="每日分享")
    done(member, "share-act", now=clock.now())
    entry = member_client.get("/api/v1/points/entries").json()["items"][0]
    assert (entry["points"], entry["reason"]) == (10, "获得：分享：每日分享")


def test_the_list_costs_the_same_for_any_number_of_tasks(member, django_assert_num_queries):
    client = client_for(member)
    for kind in ("review", "share"):
        for n in range(3):
            draft = draft_of(kind, code=f"{kind}-{n}", period="daily", daily_cap=5)
            publish_task(task_id=draft.pk, actor=STAFF, now=clock.now())
        with django_assert_num_queries(15):
            assert client.get("/api/v1/points/tasks").status_code == 200
