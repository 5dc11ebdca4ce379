"""What is earned for the n-th time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class AfterLast(StrEnum):
    """What follows the last row of a table."""

    REPEAT = "repeat"
    STAY = "stay"


@dataclass(frozen=True)
class Reward:
    """Either `points` each time, or a table by number: `steps[0]` is for the first."""

    points: int
    steps: Sequence[int] = ()
    after_last: str = AfterLast.REPEAT

    def for_number(self, number: int) -> int:
        """Points for the `number`-th time, from 1: the day of a streak, a year, the time in a period."""
        if not self.steps:
            return self.points
        if number <= len(self.steps):
            return self.steps[number - 1]
        return self.steps[-1] if self.after_last == AfterLast.STAY else self.steps[(number - 1) % len(self.steps)]


def streak_of(*, day: date, run_from: date) -> int:
    """How many days in a row, `day` included, for a run that began on `run_from`."""
    return (day - run_from).days + 1
