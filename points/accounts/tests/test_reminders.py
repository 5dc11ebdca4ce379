"""Reminders reach exactly those who lose points, once a stage, with the last second; and what follows from them."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Delivery, Notification
from members.segments.queries import audience, segments_at
from points.accounts import member_data
from points.accounts.errors import ActivityRunning, NobodyToInvite
from points.accounts.models import ExpiryReminder, LinkedActivity, ReminderRound
from points.accounts.preferences import REMIND_FIRST
from points.accounts.queries import delivered
from points.accounts.services import remind_due, start_activity, start_cash_activity
from points.accounts.services.reminding import remind_batch
from points.deduction.models import BetterTerms
from points.deduction.queries import deduction_for
from points.ledger.services import hold, spend
from points.ledger.tests.making import DAY, STAFF, at, give
from points.rules.events import EarningEvent, EarningLine
from points.rules.live import live_rules
from points.rules.models import EarningRule
from points.rules.queries import try_event
from points.rules.services import pause_rule
from shop.core import clock
from shop.core.clock import day_bounds
from shop.core.models import PreferenceValue, StaffUser
from shop.core.preferences import forget_cached

pytestmark = pytest.mark.django_db

NOON = at(2026, 12, 1)
LAST_DAY = at(2026, 12, 31).date()
END = day_bounds(LAST_DAY)[1]


def round_of(stage):
    return ReminderRound.objects.get(last_day=LAST_DAY, stage=stage)


def reminded(stage):
    rows = ExpiryReminder.objects.filter(round__stage=stage, round__last_day=LAST_DAY).order_by("member_id")
    return list(rows.values_list("member_id", "points"))


def act(service, **content):
    with transaction.atomic():
        return service(now=NOON, **content)


def test_exactly_those_who_hold_what_expires_are_told_of_how_much_and_until_when():
    first, second, spent, held, later, blocked, gone = MemberFactory.create_batch(7)
    give(first, 100, now=NOON, matures_at=NOON, expires_at=END)
    give(first, 20, now=NOON, matures_at=NOON, expires_at=END)
    give(second, 7, now=NOON, matures_at=NOON, expires_at=END)
    give(spent, 50, now=NOON, matures_at=NOON, expires_at=END)
    act(spend, reference="s", member_id=spent.pk, points=50, source="order", note="")
    give(held, 50, now=NOON, matures_at=NOON, expires_at=END)
    act(hold, reference="h", member_id=held.pk, points=50)
    give(later, 50, now=NOON, matures_at=NOON, expires_at=END + DAY)
    give(blocked, 50, now=NOON, matures_at=NOON, expires_at=END)
    Member.objects.filter(pk=blocked.pk).update(status="blocked")
    give(gone, 50, now=NOON, matures_at=None, expires_at=END)
    assert remind_due(now=NOON) == 2
    assert reminded(30) == [(first.pk, 120), (second.pk, 7)]
    told = Notification.objects.get(member=first)
    assert "120 积分" in told.title
    assert "2026-12-31 23:59:59" in told.body
    opened = round_of(30)
    assert (opened.members, opened.points) == (2, 127)


def test_each_stage_comes_once_and_a_day_that_was_missed_is_made_up_for():
    member = MemberFactory()
    give(member, 100, now=NOON, matures_at=NOON, expires_at=END)
    days = [(-1, 0), (0, 1), (0, 0), (1, 0), (24, 1), (25, 0), (29, 1), (30, 0), (31, 0)]
    assert [(day, remind_due(now=NOON + day * DAY)) for day, _told in days] == days
    missed = MemberFactory()
    give(missed, 5, now=NOON, matures_at=NOON, expires_at=END)
    assert remind_due(now=NOON + 26 * DAY) == 1
    assert reminded(7) == [(member.pk, 100), (missed.pk, 5)]


def test_a_run_that_dies_goes_on_where_it_stopped():
    members = MemberFactory.create_batch(5)
    for member in members:
        give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    opened = ReminderRound.objects.create(last_day=LAST_DAY, stage=30, started_at=NOON)
    assert remind_batch(round_id=opened.pk, after=0, now=NOON, batch_size=2) == (2, members[1].pk)
    assert remind_due(now=NOON, batch_size=2) == 3
    assert Notification.objects.filter(event="points_expiring").count() == 5
    assert (round_of(30).members, round_of(30).points) == (5, 50)


def test_the_merchant_sets_the_days():
    member = MemberFactory()
    give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    PreferenceValue.objects.update_or_create(key=REMIND_FIRST.key, defaults={"value": 0})
    forget_cached()
    assert remind_due(now=NOON) == 0
    assert remind_due(now=NOON + 24 * DAY) == 1


def test_the_round_proves_how_its_members_were_reached(admin_client: Client):
    with_phone, without = MemberFactory(), MemberFactory(phone=None)
    for member in (with_phone, without):
        give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    Delivery.objects.filter(notification__member=with_phone, channel="sms").update(
        status="failed", due_at=None, finished_at=NOON
    )
    opened = round_of(30)
    found = delivered(round_ids=[opened.pk])[opened.pk]
    assert (found["in_app", "sent"], found["sms", "failed"], found["sms", "skipped"]) == (2, 1, 1)
    language = {"accept-language": "zh-CN"}
    shown = admin_client.get("/admin/accounts/reminderround/", headers=language).content.decode()
    assert "站内信 2 · 失败 1" in shown
    page = admin_client.get(f"/admin/accounts/reminderround/{opened.pk}/change/", headers=language)
    assert "短信: 失败 1" in page.content.decode()
    assert admin_client.get("/admin/accounts/expiryreminder/", headers=language).status_code == 200


def doubled(member, now):
    lines = (EarningLine(sku_id=1, product_id=1, category_path="", quantity=1, net_fen=10_000),)
    event = EarningEvent("order", "x", member.pk, now, lines=lines, channel="h5")
    return try_event(event, live_rules()).points


def test_one_click_starts_double_points_for_exactly_those_members():
    inside, outside = MemberFactory(), MemberFactory()
    give(inside, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    before = doubled(inside, NOON)
    made = start_activity(round_id=round_of(30).pk, name="翻倍", multiplier_bp=20_000, actor=STAFF, now=NOON)
    assert before > 0
    assert doubled(inside, NOON) == 2 * before
    assert doubled(outside, NOON) == before
    assert doubled(inside, END - timedelta(seconds=1)) == 2 * before
    assert doubled(inside, END) == before
    assert list(audience(segment_ids=[made.segment_id], now=NOON)) == [inside]
    assert not audience(segment_ids=[made.segment_id], now=END).exists()


def test_who_clicks_twice_doubles_once_and_may_start_anew_when_it_was_paused():
    member = MemberFactory()
    give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    start = partial(start_activity, round_id=round_of(30).pk, multiplier_bp=20_000, actor=STAFF, now=NOON)
    before, first = doubled(member, NOON), start(name="翻倍")
    with pytest.raises(ActivityRunning):
        start(name="又一个")
    assert (LinkedActivity.objects.count(), doubled(member, NOON)) == (1, 2 * before)
    pause_rule(rule_id=first.rule_id, actor=STAFF, now=NOON)
    start(name="又一个")
    assert (LinkedActivity.objects.count(), doubled(member, NOON)) == (2, 2 * before)


def paying(member, now):
    segments = segments_at([(member.pk, now)])[0]
    found = deduction_for(member_id=member.pk, tier_id=None, segment_ids=segments, now=now)
    return found.points_per_yuan, found.cap_bp, found.activity


def test_one_click_lets_the_points_of_exactly_those_members_pay_more(
    admin_client: Client, django_capture_on_commit_callbacks
):
    inside, outside = MemberFactory(), MemberFactory()
    give(inside, 1000, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    give(outside, 1000, now=NOON, matures_at=NOON, expires_at=END)
    page = f"/admin/accounts/reminderround/{round_of(30).pk}/start-cash-activity/"
    with clock.fixed(NOON), django_capture_on_commit_callbacks(execute=True):
        offered = admin_client.get(page, headers={"accept-language": "zh-CN"}).context["form"].initial
        assert offered == {"name": "积分抵现加码，至 2026-12-31", "points_per_yuan": 80, "cap_bp": 10_000}
        nothing = admin_client.post(page, {"name": "加码", "points_per_yuan": 50, "cap_bp": "0"})
        assert (nothing.status_code, BetterTerms.objects.count()) == (200, 0)
        assert admin_client.post(page, {"name": "加码", "points_per_yuan": 50, "cap_bp": "80"}).status_code == 302
    made = LinkedActivity.objects.get()
    assert (str(made), made.rule, made.members, made.terms.ends_at) == ("加码", None, 1, END)
    moments = (NOON - timedelta(seconds=1), NOON, END - timedelta(seconds=1), END)
    usual, better = (100, 5000, ""), (50, 8000, "加码")
    assert [paying(inside, now) for now in moments] == [usual, better, better, usual]
    assert [paying(outside, now) for now in moments] == [usual] * 4


def test_who_may_not_make_activities_is_not_let_in(client: Client):
    member = MemberFactory()
    give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    clerk = StaffUser.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_reminderround"))
    client.force_login(clerk)
    page = f"/admin/accounts/reminderround/{round_of(30).pk}/start-cash-activity/"
    body = {"name": "加码", "points_per_yuan": 50, "cap_bp": "80"}
    assert client.post(page, body).status_code == 403
    assert (LinkedActivity.objects.count(), BetterTerms.objects.count()) == (0, 0)


def test_nobody_is_invited_when_it_is_too_late():
    member = MemberFactory()
    give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    rules = EarningRule.objects.count()
    with pytest.raises(NobodyToInvite):
        start_activity(round_id=round_of(30).pk, name="翻倍", multiplier_bp=20_000, actor=STAFF, now=END)
    with pytest.raises(NobodyToInvite):
        start_cash_activity(
            round_id=round_of(30).pk, name="加码", points_per_yuan=50, cap_bp=8000, actor=STAFF, now=END
        )
    assert (LinkedActivity.objects.count(), EarningRule.objects.count(), BetterTerms.objects.count()) == (0, rules, 0)


def test_merging_keeps_one_reminder_and_the_export_has_it():
    one, other = MemberFactory(), MemberFactory()
    for member in (one, other):
        give(member, 10, now=NOON, matures_at=NOON, expires_at=END)
    remind_due(now=NOON)
    assert member_data.move(source_id=one.pk, target_id=other.pk, now=NOON) == {
        "expiry_reminders": 0,
        "gifts_by_file": 0,
    }
    assert [each["points"] for each in member_data.export(member_id=other.pk)["expiry_reminders"]] == [10]
