"""When a plan runs next: pure, in the shop's time zone."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from analytics.outreach.models import Every, Plan
from shop.core.clock import SHANGHAI

DAY = timedelta(days=1)


def next_run(plan: Plan, *, after: datetime) -> datetime | None:
    """The first moment of the plan's schedule later than `after`, None where there is none before its end.

    Once: its beginning, or at once. What was missed is not made up for: whoever was due then is due now.
    """
    earliest = max(after, plan.starts_at) if plan.starts_at else after
    if plan.every == Every.ONCE:
        return earliest
    found = _following(plan, earliest, inclusive=earliest != after)
    return found if plan.ends_at is None or found < plan.ends_at else None


def _following(plan: Plan, moment: datetime, *, inclusive: bool) -> datetime:
    if plan.every == Every.HOUR:
        full = moment.replace(minute=0, second=0, microsecond=0)
        return full if inclusive and full == moment else full + timedelta(hours=1)
    day = moment.astimezone(SHANGHAI).date()
    while True:
        if _is_its_day(plan, day):
            at = datetime.combine(day, time(plan.hour), tzinfo=SHANGHAI).astimezone(UTC)
            if at > moment or (inclusive and at == moment):
                return at
        day += DAY


def _is_its_day(plan: Plan, day: date) -> bool:
    if plan.every == Every.WEEK:
        return day.weekday() == plan.weekday
    if plan.every == Every.MONTH:
        return day.day == min(plan.month_day, monthrange(day.year, day.month)[1])
    return True
