"""Is an hour out of the ordinary? Pure, from the same hour of past weeks.

Two bounds must be broken, so that neither a noisy shop nor a small one raises alarms:

- the tail of Poisson (counts) or of the binomial distribution (shares), the limits of the c and p charts: what chance
  alone does with so few events (Montgomery, "Introduction to Statistical Quality Control", chapter 7);
- so many times the median absolute deviation from the median, scaled by 1.4826, which past alarms and campaigns do not
  move as they move a mean (Leys et al., "Detecting outliers: Do not use standard deviation around the mean, use
  absolute deviation around the median", Journal of Experimental Social Psychology 49 (2013) 764–766).

Nothing is said with less than four weeks to compare with, nor about too small a volume.
"""

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from scipy.special import bdtrc, pdtr, pdtrc

WEEKS, LEAST_WEEKS = 8, 4
SCALE = 1.4826
# How improbable an hour is by chance, and from when on it is ordinary again.
ALARM_CHANCE, CALM_CHANCE = 0.001, 0.05
# An hour is calm within half the deviation that alarms.
CALM_SHARE = 0.5
# Where it has never happened before, this is taken for usual.
LEAST_COUNT, LEAST_SHARE = 0.5, 0.01


class State(StrEnum):
    UNKNOWN = "unknown"
    ABNORMAL = "abnormal"
    UNSURE = "unsure"
    CALM = "calm"


class Hour(NamedTuple):
    part: int
    whole: int


class Verdict(NamedTuple):
    state: State
    usual: float = 0.0


def judge_count(now: int, past: Sequence[int], *, is_low: bool, least: int, deviations: float) -> Verdict:
    """Too few (`is_low`), where `least` are usual at all; or too many, by `least` at least."""
    if len(past) < LEAST_WEEKS:
        return Verdict(State.UNKNOWN)
    usual = float(median(past))
    if is_low and usual < least:
        return Verdict(State.UNKNOWN, usual)
    expected = max(usual, LEAST_COUNT)
    at_least_so_many = pdtrc(now - 1, expected) if now else 1.0
    chance = float(pdtr(now, expected) if is_low else at_least_so_many)
    distance = usual - now if is_low else now - usual
    is_enough = is_low or distance >= least
    return Verdict(_state(chance, distance, _spread(past), deviations, is_enough), usual)


def judge_share(now: Hour, past: Sequence[Hour], *, least: int, deviations: float) -> Verdict:
    """Too large a share, of `least` at least; past hours of nothing tell nothing."""
    shares = [hour.part / hour.whole for hour in past if hour.whole]
    if len(shares) < LEAST_WEEKS or now.whole < least:
        return Verdict(State.UNKNOWN)
    usual = float(median(shares))
    chance = float(bdtrc(now.part - 1, now.whole, max(usual, LEAST_SHARE)))
    return Verdict(_state(chance, now.part / now.whole - usual, _spread(shares), deviations, True), usual)


def _spread(past: Sequence[float]) -> float:
    middle = median(past)
    return SCALE * median(abs(each - middle) for each in past)


def _state(chance: float, distance: float, spread: float, deviations: float, is_enough: bool) -> State:
    if is_enough and chance < ALARM_CHANCE and distance > deviations * spread:
        return State.ABNORMAL
    if not is_enough or chance >= CALM_CHANCE or distance <= deviations * spread * CALM_SHARE:
        return State.CALM
    return State.UNSURE
