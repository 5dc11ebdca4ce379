"""The one source of the present moment, so that a test can set it.

Instants are timezone-aware UTC. Business days are days in Asia/Shanghai.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_fixed: ContextVar[datetime | None] = ContextVar("fixed_clock", default=None)


def now() -> datetime:
    return _fixed.get() or datetime.now(UTC)


def business_day(instant: datetime) -> date:
    """The Asia/Shanghai calendar day that contains `instant`."""
    return instant.astimezone(SHANGHAI).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The half-open interval [start, end) of a Shanghai day, in UTC."""
    start = datetime.combine(day, time.min, tzinfo=SHANGHAI)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


@contextmanager
def fixed(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` inside the block (tests and demo history)."""
    token = _fixed.set(instant)
    try:
        yield
    finally:
        _fixed.reset(token)
