from datetime import UTC, date, datetime

import pytest

from promotions.coupons.validity import period_start, window_after_claim


def shanghai(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp() - 8 * 3600


@pytest.mark.parametrize(
    ("claimed", "days", "delay", "begins", "ends"),
    [
        ((22, 12), 7, 0, (22, 12), (30,)),
        ((22, 23, 59), 1, 0, (22, 23, 59), (24,)),
        ((22, 0), 1, 0, (22, 0), (24,)),
        ((22, 12), 7, 1, (23,), (30,)),
        ((22, 12), 1, 3, (25,), (26,)),
    ],
)
def test_days_after_the_claim_are_whole_days_of_shanghai(claimed, days, delay, begins, ends):
    at = datetime.fromtimestamp(shanghai(*claimed), tz=UTC)
    found = window_after_claim(claimed_at=at, days=days, delay_days=delay)
    assert [each.timestamp() for each in found] == [shanghai(*begins), shanghai(*ends)]


@pytest.mark.parametrize(
    ("period", "first"),
    [
        ("day", date(2026, 11, 22)),
        ("week", date(2026, 11, 16)),
        ("month", date(2026, 11, 1)),
        ("year", date(2026, 1, 1)),
        ("", None),
    ],
)
def test_periods_begin_on_mondays_and_firsts(period, first):
    # A Sunday.
    assert period_start(period, on=date(2026, 11, 22)) == first
