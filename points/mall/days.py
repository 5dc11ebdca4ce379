"""Exchange days and periods of limits, in Shanghai."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from shop.core.clock import business_day

DAY = timedelta(days=1)
# Every pattern of days of the month and of the week comes round in this time.
LOOKS_AHEAD = 62


def is_exchange_day(day: date, *, month_days: Collection[int], weekdays: Collection[int]) -> bool:
    """Any of either; every day where none is named."""
    if not month_days and not weekdays:
        return True
    return day.day in month_days or day.isoweekday() in weekdays


def next_exchange_day(day: date, *, month_days: Collection[int], weekdays: Collection[int]) -> date:
    """The first one after `day`."""
    ahead = (day + DAY * n for n in range(1, LOOKS_AHEAD + 1))
    return next(each for each in ahead if is_exchange_day(each, month_days=month_days, weekdays=weekdays))


def period_start(period: str, *, now: datetime) -> date:
    """The first day of the period that holds this moment."""
    today = business_day(now)
    if period == "month":
        return today.replace(day=1)
    return today - DAY * (today.isoweekday() - 1) if period == "week" else today
