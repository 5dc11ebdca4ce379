"""Days and months of tiers. All are Shanghai days, and intervals of days are half-open: [first, after)."""

from calendar import monthrange
from datetime import date, timedelta

DAY = timedelta(days=1)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where there is no such."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_after(day: date, months: int) -> date:
    """The first day that is not within `months` months from `day`: 29 February and a year is 1 March."""
    clamped = months_before(day, -months)
    return clamped if clamped.day == day.day else clamped + DAY


def new_year(year: int) -> date:
    return date(year, 1, 1)
