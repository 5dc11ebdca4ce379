"""Intervals against published figures and scipy, and what is said of them."""

import numpy as np
import pytest
from scipy import stats

from analytics.outreach.lift import Difference, Part, Verdict, means_differ, shares_differ, verdict, wilson


def part(buyers, people):
    return Part(people=people, buyers=buyers)


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [
        # Newcombe 1998, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_of_shares_is_newcombes(treated, control, low, high):
    found = shares_differ(part(*treated), part(*control))
    assert found.value == pytest.approx(treated[0] / treated[1] - control[0] / control[1])
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe's 81 of 263, method 3 of the companion paper: 0.2553 to 0.3662.
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    found = stats.binomtest(7, 400).proportion_ci(method="wilson")
    assert wilson(7, 400) == (pytest.approx(found.low), pytest.approx(found.high))


def test_the_interval_of_means_is_welchs():
    random = np.random.default_rng(11)
    groups = [(random.random(size) < 0.3) * random.lognormal(9, 1, size).astype(int) for size in (170, 45)]
    treated, control = (
        Part(
            people=len(group),
            buyers=int((group > 0).sum()),
            net_fen=int(group.sum()),
            squares=float((group.astype(float) ** 2).sum()),
        )
        for group in groups
    )
    expected = stats.ttest_ind(*groups, equal_var=False).confidence_interval(0.95)
    found = means_differ(treated, control)
    assert found.value == pytest.approx(groups[0].mean() - groups[1].mean())
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_what_has_no_spread_or_nobody_has_no_interval():
    same = Part(people=5, buyers=5, net_fen=500, squares=5 * 100.0**2)
    assert means_differ(same, same) is None
    assert means_differ(Part(people=1), same) is None
    assert shares_differ(part(1, 2), Part()) is None


@pytest.mark.parametrize(
    ("treated", "control", "expected"),
    [
        ((90, 300), (10, 100), Verdict.MORE),
        ((10, 300), (30, 100), Verdict.LESS),
        ((30, 300), (9, 100), Verdict.UNCLEAR),
        ((9, 29), (0, 100), Verdict.TOO_FEW),
        ((20, 300), (0, 29), Verdict.TOO_FEW),
        ((4, 300), (0, 300), Verdict.TOO_FEW),
        ((90, 300), (0, 0), Verdict.NO_CONTROL),
    ],
)
def test_what_is_said_of_it(treated, control, expected):
    assert verdict(part(*treated), part(*control)) == expected


def test_an_interval_over_zero_is_not_clear():
    assert not Difference(0.1, -0.1, 0.3).is_clear
    assert Difference(0.1, 0.01, 0.3).is_clear
    assert Difference(-0.1, -0.3, -0.01).is_clear
