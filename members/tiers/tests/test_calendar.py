from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.tiers.calendar import DAY, months_after, months_before
from members.tiers.tests.making import rules

days = st.dates(date(2019, 1, 1), date(2032, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2025, 3, 31), 1, date(2025, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
    ],
)
def test_months_before_stay_within_the_month(day, months, expected):
    assert months_before(day, months) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 3, 1)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_after_never_cut_a_month_short(day, months, expected):
    assert months_after(day, months) == expected


@given(earned_on=days, later=st.integers(0, 1200), months=st.integers(1, 36))
def test_a_day_leaves_the_window_exactly_when_the_rules_say(earned_on, later, months):
    rolling = rules(window="rolling", months=months)
    today = earned_on + later * DAY
    assert (rolling.window_first(today) <= earned_on) == (today < rolling.leaves_window_on(earned_on))


@given(earned_on=days, later=st.integers(0, 800))
def test_a_calendar_year_holds_its_own_days_only(earned_on, later):
    yearly = rules(window="calendar_year")
    today = earned_on + later * DAY
    assert (yearly.window_first(today) <= earned_on) == (today < yearly.leaves_window_on(earned_on))
    assert yearly.leaves_window_on(earned_on) == date(earned_on.year + 1, 1, 1)
