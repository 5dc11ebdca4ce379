"""Check-ins by the Shanghai day, their streaks, and making up for missed days."""

from datetime import date, timedelta

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.tiers.models import GrowthEntry
from orders.payments.tests.factories import post
from points.ledger.errors import InsufficientPoints
from points.ledger.models import PointTransaction
from points.ledger.tests.making import give
from points.tasks import preferences
from points.tasks.errors import CheckedInAlready, CheckInClosed, MakeUpCostChanged, MakeUpNotPossible, NoMakeUpCardLeft
from points.tasks.models import CheckIn, RewardStep, Task
from points.tasks.queries import calendar_of
from points.tasks.services import check_in, make_up, pause_task
from points.tasks.tests.making import STAFF, at, points_of
from shop.core import clock

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
START = at(2026, 3, 10, 9)


@pytest.fixture
def old(db):
    """A member since long ago."""
    return MemberFactory(joined_at=at(2024, 1, 1))


def days(member, first, count):
    """Check in on so many days in a row; returns what each earned by the table."""
    return [check_in(member_id=member.pk, now=first + n * DAY)[0].points for n in range(count)]


def streaks(member):
    return [(row.day.day, row.streak) for row in CheckIn.objects.filter(member=member).order_by("day")]


def setting(monkeypatch, name, value):
    monkeypatch.setattr(type(getattr(preferences, name)), "value", _value(getattr(preferences, name), value))


def _value(preference, value):
    plain = type(preference).value
    return lambda self: value if self.key == preference.key else plain(self)


def test_each_day_in_a_row_earns_more_and_after_a_week_it_begins_again(old):
    assert days(old, START, 9) == [5, 5, 10, 10, 15, 15, 30, 5, 5]
    assert points_of(old, START + 8 * DAY) == 100


def test_after_the_last_row_it_may_stay(old):
    Task.objects.filter(kind="check_in").update(after_last="stay")
    assert days(old, START, 9)[6:] == [30, 30, 30]


def test_a_missed_day_begins_anew(old):
    assert days(old, START, 3) == [5, 5, 10]
    assert days(old, START + 4 * DAY, 2) == [5, 5]
    assert streaks(old) == [(10, 1), (11, 2), (12, 3), (14, 1), (15, 2)]


def test_the_day_ends_at_midnight_in_shanghai_and_the_year_too(old):
    evening = at(2026, 12, 31, 23, 59, 59)
    assert check_in(member_id=old.pk, now=evening)[0].day == date(2026, 12, 31)
    with pytest.raises(CheckedInAlready):
        check_in(member_id=old.pk, now=evening)
    made, _bonus = check_in(member_id=old.pk, now=evening + timedelta(seconds=1))
    assert (made.day, made.streak) == (date(2027, 1, 1), 2)
    assert CheckIn.objects.count() == 2


def test_the_api_answers_points_and_streak_once_a_day(member, member_client):
    first, second = (member_client.post("/api/v1/points/check-in") for _ in range(2))
    assert (first.status_code, first.json()["points"], first.json()["streak"]) == (201, 5, 1)
    assert (second.status_code, second.json()["code"]) == (409, "checked_in_already")
    assert points_of(member, clock.now()) == 5
    assert PointTransaction.objects.values_list("source", flat=True).get() == "check_in"


def test_a_check_in_also_makes_a_member_grow(old):
    days(old, START, 2)
    assert list(GrowthEntry.objects.values_list("kind", "amount")) == [("behaviour", 1)] * 2


def test_nobody_checks_in_while_it_is_paused(old):
    task = Task.objects.get(kind="check_in")
    pause_task(task_id=task.pk, actor=STAFF, now=START)
    with pytest.raises(CheckInClosed):
        check_in(member_id=old.pk, now=START)
    assert CheckIn.objects.count() == 0


def test_a_day_that_earns_nothing_still_counts(old):
    RewardStep.objects.filter(number=1).update(points=0)
    assert days(old, START, 2) == [0, 5]
    assert points_of(old, START + DAY) == 5


def test_making_up_joins_two_runs_and_the_first_card_is_free(old):
    days(old, START, 3)
    days(old, START + 4 * DAY, 2)
    before = points_of(old, START + 5 * DAY)
    made = make_up(member_id=old.pk, day=date(2026, 3, 13), now=START + 5 * DAY)
    assert (made.points, made.cost_points, made.made_up_on) == (0, 0, date(2026, 3, 15))
    assert streaks(old) == [(10, 1), (11, 2), (12, 3), (13, 4), (14, 5), (15, 6)]
    assert points_of(old, START + 5 * DAY) == before
    assert days(old, START + 6 * DAY, 1) == [30]


def test_a_second_card_costs_points_and_a_new_month_brings_a_free_one(old):
    days(old, at(2026, 3, 29), 1)
    now = at(2026, 3, 31)
    give(old, 100, now=now, matures_at=now)
    make_up(member_id=old.pk, day=date(2026, 3, 30), now=now)
    second = make_up(member_id=old.pk, day=date(2026, 3, 28), now=now)
    assert (second.cost_points, points_of(old, now)) == (20, 85)
    third = make_up(member_id=old.pk, day=date(2026, 3, 27), now=at(2026, 4, 1, 0, 0))
    assert third.cost_points == 0


def test_what_a_card_costs_is_what_was_agreed_on(old):
    now = START + DAY
    give(old, 100, now=now, matures_at=now)
    make_up(member_id=old.pk, day=date(2026, 3, 10), now=now, expected_cost_points=0)
    with pytest.raises(MakeUpCostChanged) as refused:
        make_up(member_id=old.pk, day=date(2026, 3, 9), now=now, expected_cost_points=0)
    assert refused.value.data == {"cost_points": 20}
    assert (CheckIn.objects.count(), points_of(old, now)) == (1, 100)


def test_who_cannot_pay_makes_up_for_nothing(old):
    make_up(member_id=old.pk, day=date(2026, 3, 9), now=START)
    with pytest.raises(InsufficientPoints):
        make_up(member_id=old.pk, day=date(2026, 3, 8), now=START)
    assert streaks(old) == [(9, 1)]


def test_days_too_far_back_before_joining_or_still_to_come_are_refused(old):
    young = MemberFactory(joined_at=START - 2 * DAY)
    for member, day in (
        (old, date(2026, 3, 2)),
        (old, date(2026, 3, 10)),
        (old, date(2026, 3, 11)),
        (young, date(2026, 3, 7)),
    ):
        with pytest.raises(MakeUpNotPossible):
            make_up(member_id=member.pk, day=day, now=START)
    assert CheckIn.objects.count() == 0
    make_up(member_id=old.pk, day=date(2026, 3, 3), now=START)
    make_up(member_id=young.pk, day=date(2026, 3, 8), now=START)
    with pytest.raises(CheckedInAlready):
        make_up(member_id=young.pk, day=date(2026, 3, 8), now=START)


def test_the_merchant_may_sell_none_and_let_days_earn(old, monkeypatch):
    setting(monkeypatch, "MAKE_UP_COST_POINTS", 0)
    setting(monkeypatch, "MAKE_UP_EARNS", True)
    days(old, START - DAY, 1)
    made = make_up(member_id=old.pk, day=date(2026, 3, 8), now=START)
    assert made.points == 5
    with pytest.raises(NoMakeUpCardLeft):
        make_up(member_id=old.pk, day=date(2026, 3, 7), now=START)
    assert points_of(old, START) == 10


def test_a_month_on_one_page(old, django_assert_num_queries):
    days(old, START - 3 * DAY, 2)
    with django_assert_num_queries(10):
        shown = calendar_of(member=old, month=None, now=START)
    assert (shown["month"], shown["today"], shown["streak"], shown["checked_in_today"]) == (
        "2026-03",
        date(2026, 3, 10),
        0,
        False,
    )
    assert [(row["day"].day, row["points"], row["streak"]) for row in shown["days"]] == [(7, 5, 1), (8, 5, 2)]
    assert calendar_of(member=old, month=date(2026, 2, 1), now=START)["days"] == []
    assert (shown["table"], shown["after_last"], shown["next_points"]) == ([5, 5, 10, 10, 15, 15, 30], "repeat", 5)
    assert shown["make_up"] == {
        "days": [date(2026, 3, day) for day in (3, 4, 5, 6, 9)],
        "free_left": 1,
        "cost_points": 0,
    }


def test_the_calendar_by_the_api(member, member_client):
    member_client.post("/api/v1/points/check-in")
    shown = member_client.get("/api/v1/points/check-ins").json()
    today = clock.business_day(clock.now())
    assert (shown["checked_in_today"], shown["streak"], shown["next_points"]) == (True, 1, 5)
    assert [(row["day"], row["made_up"]) for row in shown["days"]] == [(today.isoformat(), False)]
    assert member_client.get("/api/v1/points/check-ins?month=2020-02").json()["days"] == []


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-3", "0001-01", "2026-03-01", "x", "9999-12"])
def test_what_is_no_month_is_refused(member_client, month):
    answer = member_client.get(f"/api/v1/points/check-ins?month={month}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_making_up_by_the_api(old):
    now = clock.now()
    check_in(member_id=old.pk, now=now - 2 * DAY)
    client = client_for(old)
    day = clock.business_day(now - DAY).isoformat()
    answer = post(client, "points/check-ins/make-up", {"day": day, "expected_cost_points": 0})
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["streak"], answer.json()["made_up"], answer.json()["points"]) == (2, True, 0)
    assert client.post("/api/v1/points/check-ins/make-up", {"day": day}).json()["code"] == "idempotency_key_required"
