"""R9: when points expire, worked out by hand. An expiry is the first instant that is too late."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points.ledger.calendar import Kind, Terms, expiry
from points.ledger.tests.making import SECOND, at

YEAR_END = Terms(Kind.ANNUAL)
CUT_OFF = Terms(Kind.ANNUAL, cut_off=(12, 1))
NEW_YEAR_2027 = datetime(2026, 12, 31, 16, tzinfo=UTC)  # 1 January 2027 00:00 +08:00
NEW_YEAR_2028 = datetime(2027, 12, 31, 16, tzinfo=UTC)


def day(year, month, number):
    return at(year, month, number, hour=0)


@pytest.mark.parametrize(
    ("terms", "granted_at", "expected"),
    [
        (YEAR_END, at(2026, 3, 10), NEW_YEAR_2027),
        (YEAR_END, NEW_YEAR_2027 - SECOND, NEW_YEAR_2027),
        (YEAR_END, NEW_YEAR_2027, NEW_YEAR_2028),
        (CUT_OFF, day(2026, 12, 1) - SECOND, NEW_YEAR_2027),
        (CUT_OFF, day(2026, 12, 1), NEW_YEAR_2028),
        (CUT_OFF, NEW_YEAR_2027 - SECOND, NEW_YEAR_2028),
        (CUT_OFF, NEW_YEAR_2027, NEW_YEAR_2028),
        # Cleared at the end of June; the cut-off lies in the year before it.
        (Terms(Kind.ANNUAL, month=6, day=30, cut_off=(12, 1)), at(2026, 11, 30), day(2027, 7, 1)),
        (Terms(Kind.ANNUAL, month=6, day=30, cut_off=(12, 1)), at(2026, 12, 1), day(2028, 7, 1)),
        (Terms(Kind.ANNUAL, month=6, day=30, cut_off=(12, 1)), at(2027, 6, 30), day(2028, 7, 1)),
        (Terms(Kind.ANNUAL, month=6, day=30, cut_off=(12, 1)), at(2027, 7, 1), day(2028, 7, 1)),
        # The 29th of February is the 28th in other years.
        (Terms(Kind.ANNUAL, month=2, day=29), at(2027, 2, 28), day(2027, 3, 1)),
        (Terms(Kind.ANNUAL, month=2, day=29), at(2028, 2, 28), day(2028, 3, 1)),
        (Terms(Kind.ANNUAL, month=2, day=29), at(2028, 3, 1), day(2029, 3, 1)),
        (Terms(Kind.ROLLING, months=12), at(2026, 3, 10), day(2027, 4, 1)),
        (Terms(Kind.ROLLING, months=12), at(2028, 2, 29), day(2029, 3, 1)),
        (Terms(Kind.ROLLING, months=1), at(2028, 1, 31), day(2028, 3, 1)),
        (Terms(Kind.ROLLING, months=1), NEW_YEAR_2027 - SECOND, day(2027, 2, 1)),
        (Terms(Kind.ROLLING, months=1), NEW_YEAR_2027, day(2027, 3, 1)),
        (Terms(Kind.FIXED, last_day=date(2028, 2, 29)), at(2026, 3, 10), day(2028, 3, 1)),
        (Terms(Kind.INACTIVITY, months=6), at(2026, 3, 10), day(2026, 9, 11)),
        (Terms(Kind.INACTIVITY, months=1), at(2026, 1, 31), day(2026, 3, 1)),
        (Terms(Kind.INACTIVITY, months=12), at(2028, 2, 29), day(2029, 3, 1)),
        (Terms(Kind.NEVER), at(2026, 3, 10), None),
    ],
)
def test_when_points_expire(terms, granted_at, expected):
    assert expiry(terms, granted_at=granted_at) == expected


instants = st.integers(0, 40 * 365 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + seconds * SECOND)
days_of_a_year = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda found: (found.month, found.day))
clearings = st.builds(
    lambda last, cut_off: Terms(Kind.ANNUAL, month=last[0], day=last[1], cut_off=cut_off),
    days_of_a_year,
    st.none() | days_of_a_year,
)


@given(clearings, instants)
def test_a_clearing_comes_within_two_years_at_a_midnight_in_shanghai(terms, granted_at):
    found = expiry(terms, granted_at=granted_at)
    assert granted_at < found <= granted_at + timedelta(days=732)
    assert (found.hour, found.minute, found.second) == (16, 0, 0)


@given(clearings, instants, instants)
def test_what_is_earned_later_never_expires_earlier(terms, one, other):
    first, second = sorted((one, other))
    assert expiry(terms, granted_at=first) <= expiry(terms, granted_at=second)
