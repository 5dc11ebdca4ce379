"""What a rule says, as data: typed conditions and effects, kept as JSON and never run as code.

Days are Asia/Shanghai days and both ends of a range belong to it. Amounts are fen, multipliers basis points.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Self, TypeAlias

import msgspec

WHOLE_BP = 10_000
MOST_POINTS = 1_000_000


class Scope(StrEnum):
    """Whose points a limit counts."""

    MEMBER = "member"
    EVERYBODY = "everybody"


class Period(StrEnum):
    ORDER = "order"  # one event, whatever its kind
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CAMPAIGN = "campaign"  # the whole life of the rule


class Unit(StrEnum):
    POINTS = "points"
    TIMES = "times"


class Combine(StrEnum):
    """How a rule gets on with the others: those of its group, or with EXCLUSIVE all of its kind."""

    STACK = "stack"
    BEST = "best"
    FIRST = "first"
    EXCLUSIVE = "exclusive"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is"):
    pass


class Days(_Part, tag="days", frozen=True):
    first: date | None = None
    last: date | None = None


class Weekdays(_Part, tag="weekdays", frozen=True):
    """ISO: 1 is Monday."""

    days: tuple[int, ...]


class MemberDay(_Part, tag="member_day", frozen=True):
    """The shop's day of the month."""


class Holidays(_Part, tag="holidays", frozen=True):
    """Of the shop's list; none named means any of them."""

    ids: tuple[int, ...] = ()


class Goods(_Part, tag="goods", frozen=True):
    """Lines of any of these categories (with all below them), products or brands; or with `excluded` all others."""

    category_ids: tuple[int, ...] = ()
    product_ids: tuple[int, ...] = ()
    brand_ids: tuple[int, ...] = ()
    excluded: bool = False


class MinimumSpend(_Part, tag="minimum_spend", frozen=True):
    """Of the goods that the rule is about."""

    fen: int


class Tiers(_Part, tag="tiers", frozen=True):
    codes: tuple[str, ...]


class Segments(_Part, tag="segments", frozen=True):
    ids: tuple[int, ...]


class Channels(_Part, tag="channels", frozen=True):
    names: tuple[str, ...]


class FirstOrder(_Part, tag="first_order", frozen=True):
    pass


class Fixed(_Part, tag="fixed", frozen=True):
    points: int


class PerAmount(_Part, tag="per_amount", frozen=True):
    """`points` for every `per_fen` paid for the goods, in proportion, parts of a point cut off at the end."""

    points: int = 1
    per_fen: int = 100


class Multiplier(_Part, tag="multiplier", frozen=True):
    """Adds to what other rules give; 20000 doubles."""

    bp: int


class ByStreak(_Part, tag="by_streak", frozen=True):
    """(from this day in a row on, points), the days rising; with `repeats` the last day is followed by the first."""

    steps: tuple[tuple[int, int], ...]
    repeats: bool = False

    def points_for(self, streak: int) -> int:
        last = self.steps[-1][0]
        day = (streak - 1) % last + 1 if self.repeats and streak > 0 else streak
        return max(((first, points) for first, points in self.steps if first <= day), default=(0, 0))[1]


class ByTier(_Part, tag="by_tier", frozen=True):
    """(tier code, points)"""

    points: tuple[tuple[str, int], ...]


Condition: TypeAlias = (
    Days | Weekdays | MemberDay | Holidays | Goods | MinimumSpend | Tiers | Segments | Channels | FirstOrder
)
Effect: TypeAlias = Fixed | PerAmount | Multiplier | ByStreak | ByTier
CALENDAR = (Days, Weekdays, MemberDay, Holidays)


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most so much of what this rule itself adds."""

    scope: Scope
    period: Period
    amount: int
    unit: Unit = Unit.POINTS


class RuleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule: event × conditions, all of which must hold × effect × limits.

    It is valid from `first_day` through `last_day`. Rules of a higher priority come first. `tier_multiplier` says
    whether the multiplier of the member's tier acts on what the rule gives.
    """

    event: str
    effect: Effect
    conditions: tuple[Condition, ...] = ()
    limits: tuple[Limit, ...] = ()
    priority: int = 0
    group: str = ""
    combine: Combine = Combine.STACK
    first_day: date | None = None
    last_day: date | None = None
    tier_multiplier: bool = False
    expiry_policy_id: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return msgspec.convert(stored, cls)

    def stored(self) -> dict[str, Any]:
        return msgspec.to_builtins(self)

    def is_valid_on(self, day: date) -> bool:
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)

    def always_valid(self) -> Self:
        """The same rule without its dates, to try it on days when it was not there."""
        conditions = tuple(each for each in self.conditions if not isinstance(each, Days))
        return msgspec.structs.replace(self, first_day=None, last_day=None, conditions=conditions)

    @property
    def goods(self) -> tuple[Goods, ...]:
        return tuple(each for each in self.conditions if isinstance(each, Goods))

    @property
    def multiplies(self) -> bool:
        return isinstance(self.effect, Multiplier)
