"""Days, weeks from Monday and calendar months, in Shanghai. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from analytics.reports.models import Kind

DAY = timedelta(days=1)


def start_of(kind: Kind, day: date) -> date:
    if kind == Kind.WEEKLY:
        return day - day.weekday() * DAY
    return day.replace(day=1) if kind == Kind.MONTHLY else day


def following(kind: Kind, first: date) -> date:
    """The first day of the period after that of `first`."""
    return start_of(kind, first + timedelta(days={Kind.DAILY: 1, Kind.WEEKLY: 7, Kind.MONTHLY: 31}[kind]))


def before(first: date, last: date) -> tuple[date, date]:
    """What a period is compared with: the calendar month before a whole one, else as many days before it."""
    end = first - DAY
    if first.day == 1 and (last + DAY).day == 1 and last.month == first.month:
        return end.replace(day=1), end
    return first - (last - first + DAY), end


def whole_periods(kind: Kind, *, after: date | None, until: date, most: int) -> list[tuple[date, date]]:
    """The periods that end before `until` and begin after the one of `after`, the latest `most` of them in order.

    Without `after` only the latest.
    """
    latest = start_of(kind, start_of(kind, until) - DAY)
    if after is None:
        return [(latest, following(kind, latest) - DAY)]
    found = list(_periods(kind, following(kind, after), latest))
    return found[-most:]


def _periods(kind: Kind, first: date, latest: date) -> Iterator[tuple[date, date]]:
    while first <= latest:
        end = following(kind, first)
        yield first, end - DAY
        first = end
