"""When points expire: pure arithmetic on Shanghai days. An expiry is the first instant that is too late."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from shop.core.clock import business_day, day_bounds

DAY = timedelta(days=1)


class Kind(StrEnum):
    ANNUAL = "annual"
    ROLLING = "rolling"
    FIXED = "fixed"
    INACTIVITY = "inactivity"
    NEVER = "never"


@dataclass(frozen=True)
class Terms:
    """One version of an expiry policy. `month`, `day` is the last valid day of a year, `cut_off` another day."""

    kind: Kind
    month: int = 12
    day: int = 31
    cut_off: tuple[int, int] | None = None
    months: int = 12
    last_day: date | None = None


def expiry(terms: Terms, *, granted_at: datetime) -> datetime | None:
    """The first instant at which points granted then are gone; None where they stay for good.

    A fixed date may have passed already; points granted then are gone at once.
    """
    last = _last_day(terms, business_day(granted_at))
    return day_bounds(last)[1] if last else None


def _last_day(terms: Terms, today: date) -> date | None:
    if terms.kind == Kind.ANNUAL:
        return _clearing_day(terms, today)
    if terms.kind == Kind.ROLLING:
        year, month = _months_later(today, terms.months)
        return date(year, month, monthrange(year, month)[1])
    if terms.kind == Kind.INACTIVITY:
        year, month = _months_later(today, terms.months)
        return day_of(year, month, today.day)
    return terms.last_day if terms.kind == Kind.FIXED else None


def _clearing_day(terms: Terms, today: date) -> date:
    """The next clearing day, today included; the one a year later for what is earned from the cut-off on."""
    clearing = day_of(today.year, terms.month, terms.day)
    if clearing < today:
        clearing = day_of(today.year + 1, terms.month, terms.day)
    if terms.cut_off is not None:
        cut_off = day_of(clearing.year, *terms.cut_off)
        if cut_off > clearing:
            cut_off = day_of(clearing.year - 1, *terms.cut_off)
        if today >= cut_off:
            clearing = day_of(clearing.year + 1, terms.month, terms.day)
    return clearing


def day_of(year: int, month: int, day: int) -> date:
    """That day, or the last one of the month where there is no such: 29 February is the 28th in other years."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _months_later(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1
