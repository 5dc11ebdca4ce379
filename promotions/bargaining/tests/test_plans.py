from random import Random

import pytest

from promotions.bargaining.picture import HEIGHT, bars_of
from promotions.bargaining.plans import plan_of


def plan(span_fen=4000, fewest=5, most=5, first_bp=3000, seed="a"):
    return plan_of(span_fen=span_fen, fewest=fewest, most=most, first_bp=first_bp, seed=seed)


def test_thousands_of_plans_sum_exactly_and_begin_with_their_largest_step():
    chance = Random(7)
    for number in range(5000):
        fewest = chance.randint(1, 100)
        most = chance.randint(fewest, 100)
        span_fen = chance.choice([chance.randint(1, 120), chance.randint(1, 10**4), chance.randint(1, 2**31 - 1)])
        steps = plan(span_fen, fewest, most, first_bp=chance.randint(0, 9000), seed=str(number))
        assert sum(steps) == span_fen, number
        assert min(steps) >= 1, number
        assert steps[0] == max(steps), number
        assert min(fewest, span_fen) <= len(steps) <= min(most, span_fen), number


def test_whoever_comes_in_whatever_order_takes_the_span_exactly():
    """Helps of one step and of several, mixed at random: each step is taken once."""
    chance = Random(11)
    for number in range(2000):
        steps = plan(chance.randint(100, 10**6), 1, 100, seed=str(number))
        position, taken = 0, []
        while position < len(steps):
            wanted = chance.choice([1, 1, 2, 3, 10])
            taken.append(sum(steps[position : position + wanted]))
            position += wanted
        assert sum(taken) == sum(steps)
        assert min(taken) >= 1


def test_the_first_step_takes_its_share():
    steps = plan(span_fen=1_000_000, fewest=10, most=10, first_bp=3000)
    assert 299_000 <= steps[0] <= 301_000


def test_the_same_seed_draws_the_same_plan_and_another_one_another():
    assert plan(seed="a") == plan(seed="a")
    assert plan(seed="a") != plan(seed="b")


def test_with_less_fen_than_steps_each_fen_is_a_step():
    assert plan(span_fen=3, fewest=5, most=9) == [1, 1, 1]
    assert plan(span_fen=1) == [1]


@pytest.mark.parametrize("asked", [{"span_fen": 0}, {"span_fen": -5}, {"fewest": 0}, {"fewest": 6}])
def test_nothing_to_cut_is_no_plan(asked):
    with pytest.raises(ValueError, match="a plan needs"):
        plan(**asked)


def test_a_picture_falls_from_the_list_price_to_the_floor():
    bars = bars_of([2000, 1000, 1000], list_fen=10_000, made=1)
    assert [(bar.top, bar.middle, bar.left_height) for bar in bars] == [(0, 32, 128), (32, 48, 112), (48, 64, 96)]
    assert [(bar.cut, bar.left, bar.is_made) for bar in bars] == [
        ("¥20.00", "¥80.00", True),
        ("¥10.00", "¥70.00", False),
        ("¥10.00", "¥60.00", False),
    ]
    assert [bar.left_height + bar.middle for bar in bars] == [HEIGHT] * 3
