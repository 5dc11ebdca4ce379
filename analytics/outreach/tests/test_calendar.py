"""When plans run, in Shanghai's days."""

from datetime import datetime

import pytest

from analytics.outreach.calendar import next_run
from analytics.outreach.models import Every, Plan
from shop.core.clock import SHANGHAI


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ({}, "2026-11-22 12:00", "2026-11-22 12:00"),
        ({"starts_at": at("2026-12-01 09:30")}, "2026-11-22 12:00", "2026-12-01 09:30"),
        ({"every": Every.HOUR}, "2026-11-22 12:00", "2026-11-22 13:00"),
        ({"every": Every.HOUR, "starts_at": at("2026-11-22 15:00")}, "2026-11-22 12:00", "2026-11-22 15:00"),
        ({"every": Every.DAY, "hour": 10}, "2026-11-22 09:59", "2026-11-22 10:00"),
        ({"every": Every.DAY, "hour": 10}, "2026-11-22 10:00", "2026-11-23 10:00"),
        ({"every": Every.DAY, "hour": 0}, "2026-11-22 23:59", "2026-11-23 00:00"),
        ({"every": Every.WEEK, "weekday": 6, "hour": 10}, "2026-11-22 09:00", "2026-11-22 10:00"),
        ({"every": Every.WEEK, "weekday": 0, "hour": 10}, "2026-11-22 09:00", "2026-11-23 10:00"),
        ({"every": Every.MONTH, "month_day": 31, "hour": 8}, "2027-02-01 00:00", "2027-02-28 08:00"),
        ({"every": Every.MONTH, "month_day": 31, "hour": 8}, "2027-02-28 08:00", "2027-03-31 08:00"),
        ({"every": Every.DAY, "hour": 10, "ends_at": at("2026-11-22 10:00")}, "2026-11-22 09:00", None),
    ],
)
def test_the_next_run(fields, after, expected):
    found = next_run(Plan(**fields), after=at(after))
    assert found == (at(expected) if expected else None)
