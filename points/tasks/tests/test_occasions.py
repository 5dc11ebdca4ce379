"""Birthdays, anniversaries and member days: given by the clock, once a period."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from members.tiers.models import Tier
from members.tiers.services import earn_growth
from points.tasks.models import Task, TaskCompletion
from points.tasks.services import celebrate, complete_task
from points.tasks.tests.making import at, points_of, task_of

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
BORN = date(1994, 5, 21)
BIRTHDAY = at(2026, 5, 21, 0, 5)


def born(day=BORN, **more):
    return MemberFactory(birthday=day, joined_at=at(2020, 1, 1), **more)


def test_a_birthday_is_rewarded_once_a_year_and_told():
    task_of("birthday", points=88, live_since=at(2026, 1, 1))
    member, other = born(), born(date(1994, 5, 22))
    assert celebrate(now=BIRTHDAY - timedelta(minutes=6)) == {"rewarded": 0}
    assert celebrate(now=BIRTHDAY) == {"rewarded": 1}
    assert celebrate(now=BIRTHDAY) == {"rewarded": 0}
    assert (points_of(member, BIRTHDAY), points_of(other, BIRTHDAY)) == (88, 0)
    told = Notification.objects.get(event="occasion_gift")
    assert (told.member, told.context["points"]) == (member, 88)
    Member.objects.filter(pk=member.pk).update(birthday=date(1994, 5, 30))
    assert celebrate(now=at(2026, 5, 30)) == {"rewarded": 0}
    assert celebrate(now=at(2027, 5, 30)) == {"rewarded": 1}


def test_the_gift_of_the_tier_comes_with_it():
    """Of a new shop: the birthday task gives what the tier promises, which is nothing for the lowest."""
    gold, normal = born(), born()
    with transaction.atomic():
        earn_growth(
            reference="o1",
            member_id=gold.pk,
            growth=5000,
            kind="spend",
            worth=1,
            earned_at=BIRTHDAY - DAY,
            now=BIRTHDAY - DAY,
        )
    assert Task.objects.get(kind="birthday").points == 0
    celebrate(now=BIRTHDAY)
    assert Tier.objects.get(code="gold").birthday_points == 300
    assert (points_of(gold, BIRTHDAY), points_of(normal, BIRTHDAY)) == (300, 0)
    assert Notification.objects.filter(event="occasion_gift").count() == 1


def test_who_was_born_on_29_february_is_not_forgotten():
    task_of("birthday", live_since=at(2024, 1, 1))
    member = born(date(1996, 2, 29))
    assert celebrate(now=at(2026, 2, 27))["rewarded"] == 0
    assert celebrate(now=at(2026, 2, 28))["rewarded"] == 1
    assert celebrate(now=at(2028, 2, 28))["rewarded"] == 0
    assert celebrate(now=at(2028, 2, 29))["rewarded"] == 1
    assert TaskCompletion.objects.filter(member=member).count() == 2


def test_days_that_a_stopped_worker_missed_are_made_up_for_but_none_before_the_task():
    task = task_of("birthday", live_since=at(2026, 1, 1))
    born()
    assert celebrate(now=BIRTHDAY + 3 * DAY)["rewarded"] == 0
    Task.objects.filter(pk=task.pk).update(live_since=BIRTHDAY + DAY)
    assert celebrate(now=BIRTHDAY + 2 * DAY)["rewarded"] == 0
    Task.objects.filter(pk=task.pk).update(live_since=BIRTHDAY)
    assert celebrate(now=BIRTHDAY + 2 * DAY)["rewarded"] == 1


def test_new_years_eve_and_new_years_day_belong_to_two_years():
    task_of("birthday", live_since=at(2026, 1, 1))
    member = born(date(1990, 12, 31))
    assert celebrate(now=at(2026, 12, 31, 23, 59))["rewarded"] == 1
    assert celebrate(now=at(2027, 1, 1, 0, 0))["rewarded"] == 0
    assert TaskCompletion.objects.get(member=member).period_key == "2026"
    assert celebrate(now=at(2027, 12, 31, 0, 0))["rewarded"] == 1


def test_an_anniversary_earns_by_the_year():
    task_of("anniversary", steps=(10, 20, 50), after_last="stay", live_since=at(2020, 1, 1))
    member = MemberFactory(joined_at=at(2024, 6, 1, 23, 59))
    assert celebrate(now=at(2024, 6, 1, 23, 59))["rewarded"] == 0
    for year in (2025, 2026, 2027, 2028):
        celebrate(now=at(year, 6, 1))
    rows = TaskCompletion.objects.filter(member=member).order_by("pk")
    assert list(rows.values_list("period_key", "points")) == [("2025", 10), ("2026", 20), ("2027", 50), ("2028", 50)]


def test_a_member_day_is_monthly_on_the_shops_day_or_yearly_on_its_own():
    task_of("member_day", code="monthly", points=8, live_since=at(2026, 1, 1))
    task_of("member_day", code="yearly", points=88, on_month=11, on_day=11, live_since=at(2026, 1, 1))
    member = MemberFactory()
    assert celebrate(now=at(2026, 10, 7))["rewarded"] == 0
    assert celebrate(now=at(2026, 10, 8))["rewarded"] == 1
    assert celebrate(now=at(2026, 11, 8))["rewarded"] == 1
    assert celebrate(now=at(2026, 11, 11))["rewarded"] == 1
    assert celebrate(now=at(2026, 12, 11))["rewarded"] == 0
    assert points_of(member, at(2026, 11, 11)) == 104


def test_who_asks_on_the_day_does_not_wait_for_the_clock():
    task_of("birthday", points=5, live_since=at(2026, 1, 1))
    member = born()
    assert complete_task(member_id=member.pk, code="birthday", now=BIRTHDAY) == 5
    assert celebrate(now=BIRTHDAY)["rewarded"] == 0
    assert points_of(member, BIRTHDAY) == 5


def test_a_run_that_was_killed_goes_on_where_it_stopped():
    task_of("birthday", live_since=at(2026, 1, 1))
    for _ in range(5):
        born()
    born(status=Member.Status.BLOCKED)
    assert celebrate(now=BIRTHDAY, batch_size=2, batches=3)["rewarded"] <= 5
    celebrate(now=BIRTHDAY, batch_size=2)
    assert TaskCompletion.objects.count() == 5


def test_a_cap_ends_the_run():
    task_of("birthday", live_since=at(2026, 1, 1), total_cap=2)
    for _ in range(4):
        born()
    assert celebrate(now=BIRTHDAY)["rewarded"] == 2
    assert TaskCompletion.objects.count() == 2
