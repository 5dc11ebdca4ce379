"""The periods in which a task may be done: named by the Shanghai day on which something happens. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)


class Period(StrEnum):
    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


def period_key(period: str, day: date) -> str:
    """The name of the period that contains `day`; weeks are those of ISO 8601, which begin on Monday."""
    if period == Period.ONCE:
        return "once"
    if period == Period.DAILY:
        return day.isoformat()
    if period == Period.WEEKLY:
        year, week, _weekday = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m}" if period == Period.MONTHLY else f"{day:%Y}"


def month_bounds(month: date) -> tuple[date, date]:
    """The first day of the month that contains `month`, and the first day after it."""
    first = month.replace(day=1)
    return first, first + timedelta(days=monthrange(first.year, first.month)[1])


def falls_on(day: date, *, month: int, day_of_month: int) -> bool:
    """Whether the yearly date is celebrated on `day`: what is born on 29 February is, in other years, on the 28th."""
    last = monthrange(day.year, day.month)[1]
    return day.month == month and day.day == min(day_of_month, last)


def celebrated_on(day: date) -> Iterator[tuple[int, int]]:
    """The (month, day) pairs whose yearly return is celebrated on `day`."""
    yield day.month, day.day
    if (day.month, day.day) == (2, 28) and monthrange(day.year, 2)[1] == 28:
        yield 2, 29
