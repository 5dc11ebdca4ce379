"""The picker and what is published of it: pure."""

import json
import secrets
from collections import Counter
from random import Random

import pytest

from promotions.lottery import odds
from promotions.lottery.odds import Odds, canonical, digest_of, odds_in, percent, picked

WEIGHTS = (5, 95, 900, 3000, 6000)
DRAWS = 100_000
# The value that a chi-square with four degrees of freedom exceeds once in a million.
ONCE_IN_A_MILLION = 33.4


def chi_square():
    """Of the draws that members make, against the published weights."""
    mine = Odds(dict(enumerate(WEIGHTS)), fallback_id=4)
    counted = Counter(prize for _value, prize in (mine.draw() for _ in range(DRAWS)))
    expected = {prize: weight * DRAWS / sum(WEIGHTS) for prize, weight in mine.weights.items()}
    return sum((counted[prize] - wanted) ** 2 / wanted for prize, wanted in expected.items())


def test_a_hundred_thousand_draws_are_as_the_weights_say():
    assert chi_square() < ONCE_IN_A_MILLION


def test_a_source_that_leaves_out_one_number_in_ten_is_found_out(monkeypatch):
    uniform = secrets.randbelow
    monkeypatch.setattr(secrets, "randbelow", lambda total: uniform(total - total // 10))
    assert chi_square() > ONCE_IN_A_MILLION


def test_a_picker_that_favours_a_prize_by_four_percent_is_found_out(monkeypatch):
    monkeypatch.setattr(odds, "picked", lambda weights, value: 3 if value % 25 == 0 else picked(weights, value))
    assert chi_square() > ONCE_IN_A_MILLION


def test_a_draw_is_its_number_and_the_prize_of_that_number():
    mine = Odds({7: 1, 9: 2, 8: 7}, fallback_id=8)
    draws = [mine.draw() for _ in range(200)]
    assert {value for value, _prize in draws} == set(range(10))
    assert all(prize == mine.drawn(value) for value, prize in draws)


def test_every_number_belongs_to_one_prize_in_turn():
    assert [picked((2, 0, 3), value) for value in range(5)] == [0, 0, 2, 2, 2]


@pytest.mark.parametrize("value", [-1, 5, 10**12])
def test_a_number_outside_of_the_weights_was_not_drawn(value):
    with pytest.raises(ValueError, match="was not drawn"):
        picked((2, 3), value)


def prize(pk, weight, is_fallback=False):
    return {"id": pk, "name": f"奖品 {pk}", "weight": weight, "is_fallback": is_fallback}


def test_the_same_odds_are_the_same_bytes_and_others_are_not():
    shuffled = dict(Random(1).sample(sorted(prize(7, 1).items()), 4))
    first = canonical({"version": 1, "lottery": 3}, [prize(7, 1), prize(8, 9, True)])
    again = canonical({"lottery": 3, "version": 1}, [shuffled, prize(8, 9, True)])
    other = canonical({"version": 1, "lottery": 3}, [prize(7, 2), prize(8, 8, True)])
    assert digest_of(first) == digest_of(again) != digest_of(other)
    assert " " not in first.replace(json.loads(first)["rule"], "").replace("奖品 ", "")
    assert digest_of("抽奖") == "0af44bda046dd9ad9a21cd5e65b4ad80a062669ddc446ec8248e47905a45de95"


def test_odds_are_read_from_what_was_published():
    read = odds_in(canonical({}, [prize(7, 1), prize(9, 2), prize(8, 7, True)]))
    assert (read.total, read.fallback_id) == (10, 8)
    assert [read.drawn(value) for value in (0, 1, 2, 3, 9)] == [7, 9, 9, 8, 8]


@pytest.mark.parametrize(
    ("weight", "total", "shown"),
    [(1, 2, "50"), (5, 10_000, "0.05"), (1, 3, "33.3333"), (0, 7, "0"), (1, 1_000_000, "0.0001"), (0, 0, "0")],
)
def test_shares_are_shown_in_percent(weight, total, shown):
    assert percent(weight, total) == shown
