"""How much a plan has changed, and how sure that is: pure.

Shares: the difference of two independent proportions with Newcombe's hybrid score interval, built from the two Wilson
intervals (R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
methods", Statistics in Medicine 17, 1998, 873-890, method 10). It stays inside [-1, 1] and is right for small shares
and groups, where the usual interval by variances is too narrow.

Money: the difference of two means with Welch's interval (B. L. Welch, Biometrika 34, 1947, 28-35), the variances not
assumed equal. Purchases have long tails, so that it says nothing of small groups.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from scipy.special import stdtrit

# 95 percent, both sides.
Z = 1.959963984540054
LEVEL = 0.975
# With fewer people in a part, or fewer buyers in both together, the figures are shown without a verdict.
LEAST_PEOPLE, LEAST_BUYERS = 30, 5


class Verdict(StrEnum):
    NO_CONTROL = "no_control"
    TOO_FEW = "too_few"
    UNCLEAR = "unclear"
    MORE = "more"
    LESS = "less"


@dataclass(frozen=True)
class Part:
    """One part of a plan's members: how many, who bought, and what they paid, with the sum of its squares."""

    people: int = 0
    buyers: int = 0
    orders: int = 0
    net_fen: int = 0
    squares: float = 0.0

    @property
    def share(self) -> float:
        return self.buyers / self.people if self.people else 0.0

    @property
    def mean_fen(self) -> float:
        return self.net_fen / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Of a sample; 0 of a single one."""
        if self.people < 2:
            return 0.0
        return max(self.squares - self.net_fen * self.mean_fen, 0.0) / (self.people - 1)


@dataclass(frozen=True)
class Difference:
    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        return self.low > 0 or self.high < 0


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The score interval of a share."""
    share, square = successes / trials, Z * Z
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return centre - half, centre + half


def shares_differ(treated: Part, control: Part) -> Difference | None:
    """How many more of those who were reached bought; None where a part is empty."""
    if not treated.people or not control.people:
        return None
    low, high = wilson(treated.buyers, treated.people)
    low_control, high_control = wilson(control.buyers, control.people)
    value = treated.share - control.share
    return Difference(
        value,
        value - sqrt((treated.share - low) ** 2 + (high_control - control.share) ** 2),
        value + sqrt((high - treated.share) ** 2 + (control.share - low_control) ** 2),
    )


def means_differ(treated: Part, control: Part) -> Difference | None:
    """How much more each of those who were reached paid, in fen; None where that has no spread."""
    if treated.people < 2 or control.people < 2:
        return None
    shares = [part.variance / part.people for part in (treated, control)]
    spread = sum(shares)
    if not spread:
        return None
    freedom = spread**2 / sum(
        share**2 / (part.people - 1) for share, part in zip(shares, (treated, control), strict=True)
    )
    value, half = treated.mean_fen - control.mean_fen, float(stdtrit(freedom, LEVEL)) * sqrt(spread)
    return Difference(value, value - half, value + half)


def verdict(treated: Part, control: Part) -> Verdict:
    if not control.people:
        return Verdict.NO_CONTROL
    found = shares_differ(treated, control)
    few = min(treated.people, control.people) < LEAST_PEOPLE or treated.buyers + control.buyers < LEAST_BUYERS
    if found is None or few:
        return Verdict.TOO_FEW
    if not found.is_clear:
        return Verdict.UNCLEAR
    return Verdict.MORE if found.value > 0 else Verdict.LESS
