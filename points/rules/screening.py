"""Whether a rule's conditions hold for an event, and if not, which of them. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from points.rules.events import Earner, EarningEvent, EarningLine
from points.rules.spec import (
    Channels,
    Condition,
    Days,
    FirstOrder,
    Goods,
    Holidays,
    MemberDay,
    MinimumSpend,
    RuleSpec,
    Segments,
    Tiers,
    Weekdays,
)
from points.rules.trace import Code

Objection = tuple[Code, Mapping[str, Any]]


@dataclass(frozen=True)
class Calendar:
    """The shop's member day, a day of the month, and its holidays by id, both ends included."""

    member_day: int = 0
    holidays: Mapping[int, tuple[date, date]] = field(default_factory=dict)

    def is_member_day(self, day: date) -> bool:
        """A month that is too short has it on its last day."""
        return day.day == min(self.member_day, monthrange(day.year, day.month)[1])

    def is_holiday(self, day: date, ids: tuple[int, ...]) -> bool:
        wanted = ids or tuple(self.holidays)
        return any(first <= day <= last for pk in wanted if pk in self.holidays for first, last in [self.holidays[pk]])


def objection(
    spec: RuleSpec, event: EarningEvent, earner: Earner, calendar: Calendar, paths: Mapping[int, str]
) -> Objection | None:
    """The first reason why the rule does not act on the event; None where it does."""
    day = event.day
    if not spec.is_valid_on(day):
        return Code.NOT_VALID, {}
    if event.lines and event.worth_fen <= 0:
        # No refund could ever take back what such a purchase would earn.
        return Code.NOTHING_PAID, {}
    for condition in spec.conditions:
        code = _refuses(condition, spec, event, earner, calendar, day, paths)
        if code:
            return code, _data(condition, spec, event, earner, paths)
    return None


def matching(spec: RuleSpec, line: EarningLine, paths: Mapping[int, str]) -> bool:
    """Whether the rule is about this line."""
    return all(_is_among(goods, line, paths) != goods.excluded for goods in spec.goods)


def _is_among(goods: Goods, line: EarningLine, paths: Mapping[int, str]) -> bool:
    return (
        line.product_id in goods.product_ids
        or (line.brand_id is not None and line.brand_id in goods.brand_ids)
        # Paths of the tree are made of steps of one width, so that a prefix is an ancestor or the category itself.
        or any(line.category_path.startswith(paths[pk]) for pk in goods.category_ids if pk in paths)
    )


def _spent(spec: RuleSpec, event: EarningEvent, paths: Mapping[int, str]) -> int:
    return sum(line.net_fen for line in event.lines if matching(spec, line, paths))


def _refuses(
    condition: Condition,
    spec: RuleSpec,
    event: EarningEvent,
    earner: Earner,
    calendar: Calendar,
    day: date,
    paths: Mapping[int, str],
) -> Code | None:
    match condition:
        case Days(first=first, last=last):
            holds, code = (first is None or first <= day) and (last is None or day <= last), Code.NOT_THESE_DAYS
        case Weekdays(days=days):
            holds, code = day.isoweekday() in days, Code.NOT_THIS_WEEKDAY
        case MemberDay():
            holds, code = calendar.is_member_day(day), Code.NOT_MEMBER_DAY
        case Holidays(ids=ids):
            holds, code = calendar.is_holiday(day, ids), Code.NOT_A_HOLIDAY
        case Goods():
            holds, code = any(matching(spec, line, paths) for line in event.lines), Code.NO_SUCH_GOODS
        case MinimumSpend(fen=fen):
            holds, code = _spent(spec, event, paths) >= fen, Code.SPENT_TOO_LITTLE
        case Tiers(codes=codes):
            holds, code = earner.tier_code in codes, Code.OTHER_TIER
        case Segments(ids=ids):
            holds, code = not earner.segment_ids.isdisjoint(ids), Code.OTHER_SEGMENT
        case Channels(names=names):
            holds, code = event.channel in names, Code.OTHER_CHANNEL
        case FirstOrder():
            holds, code = event.is_first_order, Code.NOT_FIRST_ORDER
    return None if holds else code


def _data(
    condition: Condition, spec: RuleSpec, event: EarningEvent, earner: Earner, paths: Mapping[int, str]
) -> dict[str, Any]:
    """What the sentence about it needs."""
    match condition:
        case MinimumSpend(fen=fen):
            return {"fen": _spent(spec, event, paths), "needed_fen": fen}
        case Tiers():
            return {"tier": earner.tier_code}
        case Weekdays():
            return {"weekday": event.day.isoweekday()}
        case _:
            return {}
