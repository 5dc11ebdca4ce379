"""When a coupon is valid and which period a limit counts in: pure, in days of Asia/Shanghai."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from shop.core.clock import business_day, day_bounds


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def window_after_claim(*, claimed_at: datetime, days: int, delay_days: int) -> tuple[datetime, datetime]:
    """The half-open window of a coupon that is valid for `days` whole days after it was claimed.

    Without delay it begins at once and the rest of the day is a gift; with delay it begins with the day that is so many
    days later. It ends with a day.
    """
    first_whole_day = business_day(claimed_at) + timedelta(days=max(delay_days, 1))
    begins = day_bounds(first_whole_day)[0] if delay_days else claimed_at
    return begins, day_bounds(first_whole_day + timedelta(days=days))[0]


def period_start(period: str, *, on: date) -> date | None:
    """The first day of the period that contains the day; weeks begin on Monday. None where no period is limited."""
    if period == Period.WEEK:
        return on - timedelta(days=on.weekday())
    if period == Period.MONTH:
        return on.replace(day=1)
    if period == Period.YEAR:
        return on.replace(month=1, day=1)
    return on if period == Period.DAY else None
