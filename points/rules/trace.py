"""Why an event earned what it earned: codes and data as they were, turned into sentences only when somebody reads."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec


class Code(StrEnum):
    """What a rule did, or why it did nothing."""

    FIXED = "fixed"
    PER_AMOUNT = "per_amount"
    BY_STREAK = "by_streak"
    BY_TIER = "by_tier"
    TIER = "tier"
    MULTIPLIER = "multiplier"
    # From here on it gave nothing.
    NOT_VALID = "not_valid"
    NOTHING_PAID = "nothing_paid"
    NOT_THESE_DAYS = "not_these_days"
    NOT_THIS_WEEKDAY = "not_this_weekday"
    NOT_MEMBER_DAY = "not_member_day"
    NOT_A_HOLIDAY = "not_a_holiday"
    NO_SUCH_GOODS = "no_such_goods"
    SPENT_TOO_LITTLE = "spent_too_little"
    OTHER_TIER = "other_tier"
    OTHER_SEGMENT = "other_segment"
    OTHER_CHANNEL = "other_channel"
    NOT_FIRST_ORDER = "not_first_order"
    NOTHING_TO_MULTIPLY = "nothing_to_multiply"
    TOO_LITTLE = "too_little"
    LIMIT_REACHED = "limit_reached"
    NOT_BEST = "not_best"
    NOT_FIRST = "not_first"
    EXCLUDED = "excluded"


GAVE = frozenset({Code.FIXED, Code.PER_AMOUNT, Code.BY_STREAK, Code.BY_TIER, Code.TIER, Code.MULTIPLIER})


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule's part. The rule's name is kept as it was."""

    rule_id: int
    version_id: int
    name: str
    code: Code
    points: int = 0
    data: dict[str, Any] = {}

    @property
    def gave(self) -> bool:
        return self.code in GAVE


def stored(steps: Sequence[Step], *, rule_set: int, worth_fen: int) -> dict[str, Any]:
    """As it is kept with a grant. Rules that were not valid at the time say nothing about it."""
    told = [step for step in steps if step.code != Code.NOT_VALID]
    return {"rule_set": rule_set, "worth_fen": worth_fen, "steps": msgspec.to_builtins(told)}


def steps_of(trace: Mapping[str, Any] | None) -> list[Step]:
    """What was stored; nothing where a grant has no such trace."""
    return msgspec.convert((trace or {}).get("steps", []), list[Step])
