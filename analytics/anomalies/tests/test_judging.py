"""Bounds on series worked out by hand."""

import pytest

from analytics.anomalies.judging import Hour, State, judge_count, judge_share

STEADY = [20, 21, 19, 20, 22, 18, 20, 20]
NOISY = [20, 60, 5, 40, 2, 35, 8, 30]


def orders(now, past=STEADY, least=8):
    return judge_count(now, past, is_low=True, least=least, deviations=3).state


def stock_outs(now, past, least=3):
    return judge_count(now, past, is_low=False, least=least, deviations=3).state


def share(now, past, least=20):
    return judge_share(Hour(*now), [Hour(*each) for each in past], least=least, deviations=3).state


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Poisson of 20: P(X <= 6) = 0.00026, P(X <= 8) = 0.0021, P(X <= 12) = 0.039, P(X <= 13) = 0.066.
        (0, State.ABNORMAL),
        (6, State.ABNORMAL),
        (8, State.UNSURE),
        (12, State.UNSURE),
        (13, State.CALM),
        (20, State.CALM),
        (90, State.CALM),
    ],
)
def test_too_few_orders_by_the_tail_of_poisson(now, expected):
    assert orders(now) is expected


def test_a_noisy_hour_needs_more_than_chance():
    """Median 25, deviations 5 35 20 15 23 10 17 5 with median 16: three of them are 71 orders."""
    assert orders(0, NOISY) is not State.ABNORMAL
    # A mean would be moved by one hour of a sale; the median of 20 is not.
    assert orders(2, [20, 20, 20, 20, 20, 20, 20, 900]) is State.ABNORMAL


def test_a_quiet_night_raises_nothing():
    assert orders(0, [1, 0, 2, 1, 3, 0, 1, 2]) is State.UNKNOWN
    assert share((9, 9), [(1, 10)] * 8) is State.UNKNOWN
    assert stock_outs(2, [0] * 8) is State.CALM


def test_a_cold_start_raises_nothing():
    assert orders(0, [20, 20, 20]) is State.UNKNOWN
    assert share((100, 100), [(1, 100)] * 3) is State.UNKNOWN
    # Hours in which nobody paid are no weeks to compare with.
    assert share((100, 100), [(1, 100)] * 3 + [(0, 0)] * 5) is State.UNKNOWN
    assert stock_outs(50, []) is State.UNKNOWN


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Binomial of 100 with 0.1: P(X >= 21) = 0.00081, P(X >= 20) = 0.0020, P(X >= 15) = 0.073.
        ((21, 100), State.ABNORMAL),
        ((20, 100), State.UNSURE),
        ((15, 100), State.CALM),
        ((0, 100), State.CALM),
    ],
)
def test_too_large_a_share_by_the_binomial_tail(now, expected):
    assert share(now, [(10, 100)] * 8) is expected


def test_what_never_happened_before_is_judged_against_one_in_a_hundred():
    """Binomial of 20 with 0.01: P(X >= 3) = 0.0010036, P(X >= 4) = 0.00004."""
    assert share((3, 20), [(0, 30)] * 8) is State.UNSURE
    assert share((4, 20), [(0, 30)] * 8) is State.ABNORMAL


def test_products_sold_out_at_once():
    """Poisson of 2: P(X >= 9) = 0.00024, P(X >= 8) = 0.0011."""
    assert stock_outs(9, [2] * 8) is State.ABNORMAL
    assert stock_outs(8, [2] * 8) is State.UNSURE
    assert stock_outs(9, [2] * 8, least=8) is State.CALM
