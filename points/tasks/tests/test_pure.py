"""Periods and rewards, without a database."""

from datetime import date

import pytest

from points.tasks.periods import celebrated_on, falls_on, month_bounds, period_key
from points.tasks.rewards import Reward, streak_of


@pytest.mark.parametrize(
    ("period", "day", "key"),
    [
        ("once", date(2026, 12, 31), "once"),
        ("daily", date(2026, 12, 31), "2026-12-31"),
        ("weekly", date(2026, 12, 31), "2026-W53"),
        ("weekly", date(2027, 1, 3), "2026-W53"),
        ("weekly", date(2027, 1, 4), "2027-W01"),
        ("monthly", date(2027, 1, 1), "2027-01"),
        ("yearly", date(2026, 12, 31), "2026"),
        ("yearly", date(2027, 1, 1), "2027"),
    ],
)
def test_a_day_belongs_to_one_period(period, day, key):
    assert period_key(period, day) == key


def test_a_month_ends_before_the_next_begins():
    assert month_bounds(date(2024, 2, 29)) == (date(2024, 2, 1), date(2024, 3, 1))
    assert month_bounds(date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))


def test_the_29th_of_february_is_celebrated_every_year():
    assert falls_on(date(2024, 2, 29), month=2, day_of_month=29)
    assert not falls_on(date(2024, 2, 28), month=2, day_of_month=29)
    assert falls_on(date(2026, 2, 28), month=2, day_of_month=29)
    assert list(celebrated_on(date(2026, 2, 28))) == [(2, 28), (2, 29)]
    assert list(celebrated_on(date(2024, 2, 28))) == [(2, 28)]
    assert list(celebrated_on(date(2024, 2, 29))) == [(2, 29)]


@pytest.mark.parametrize(
    ("after_last", "earned"),
    [("repeat", [5, 10, 30, 5, 10, 30, 5]), ("stay", [5, 10, 30, 30, 30, 30, 30])],
)
def test_a_table_begins_again_or_its_last_row_goes_on(after_last, earned):
    reward = Reward(1, (5, 10, 30), after_last)
    assert [reward.for_number(n) for n in range(1, 8)] == earned


def test_without_a_table_each_time_earns_the_same():
    assert [Reward(7).for_number(n) for n in (1, 2, 100)] == [7, 7, 7]


def test_a_streak_counts_both_of_its_ends():
    assert streak_of(day=date(2027, 1, 1), run_from=date(2027, 1, 1)) == 1
    assert streak_of(day=date(2027, 1, 1), run_from=date(2026, 12, 30)) == 3
