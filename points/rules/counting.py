"""Limits and what they have counted: which counter an event falls into, and what room is left. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from points.rules.events import EarningEvent
from points.rules.spec import Limit, Period, Scope, Unit


class CounterKey(NamedTuple):
    """`member_id` is None for everybody together; `period` names the day, week or month in Asia/Shanghai."""

    rule_id: int
    member_id: int | None
    period: str


@dataclass(frozen=True)
class Used:
    points: int = 0
    times: int = 0

    def plus(self, other: "Used") -> "Used":
        return Used(self.points + other.points, self.times + other.times)


NOTHING = Used()


def period_of(period: Period, event: EarningEvent) -> str:
    """`2026-03-28`, `2026-W13`, `2026-03`, or `all` of a campaign."""
    day = event.day
    if period == Period.DAY:
        return day.isoformat()
    if period == Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if period == Period.MONTH else "all"


def key_for(rule_id: int, limit: Limit, event: EarningEvent) -> CounterKey | None:
    """The counter that the limit looks at; None for one event by itself, which needs none."""
    if limit.period == Period.ORDER:
        return None
    member_id = event.member_id if limit.scope == Scope.MEMBER else None
    return CounterKey(rule_id, member_id, period_of(limit.period, event))


def room(
    rule_id: int, limits: Sequence[Limit], event: EarningEvent, counters: Mapping[CounterKey, Used], *, wanted: int
) -> int:
    """The points that all limits together leave, `wanted` where they do not bind."""
    return min((_left(rule_id, limit, event, counters, wanted) for limit in limits), default=wanted)


def hits(
    rule_id: int, limits: Sequence[Limit], event: EarningEvent, counters: Mapping[CounterKey, Used], *, wanted: int
) -> list[dict[str, Any]]:
    """The limits that leave less than `wanted`, for the trace."""
    return [
        {"scope": limit.scope, "period": limit.period, "unit": limit.unit, "amount": limit.amount}
        for limit in limits
        if _left(rule_id, limit, event, counters, wanted) < wanted
    ]


def _left(rule_id: int, limit: Limit, event: EarningEvent, counters: Mapping[CounterKey, Used], wanted: int) -> int:
    key = key_for(rule_id, limit, event)
    used = counters.get(key, NOTHING) if key else NOTHING
    if limit.unit == Unit.TIMES:
        return wanted if used.times < limit.amount else 0
    return max(limit.amount - used.points, 0)
