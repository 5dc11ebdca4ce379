"""Who works with a pace has at most his share of the time."""

import time

import pytest

from shop.core.pacing import Pace


@pytest.fixture
def day(monkeypatch):
    """A clock that only moves when somebody works or rests."""
    moments = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: moments[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: moments.__setitem__(0, moments[0] + seconds))
    return moments


def test_a_fifth_of_the_time_is_work(day):
    pace = Pace(share=0.2)
    for seconds in (1, 3, 0):
        day[0] += seconds
        pace.rest()
    assert day[0] == pytest.approx(20)


def test_the_rest_is_longer_where_the_same_work_took_longer(day):
    pace = Pace(share=0.5)
    day[0] += 2
    pace.rest()
    assert day[0] == pytest.approx(4)
    day[0] += 6
    pace.rest()
    assert day[0] == pytest.approx(16)


def test_a_whole_share_never_rests(day):
    pace = Pace(share=1)
    day[0] += 5
    pace.rest()
    assert day[0] == 5


def test_things_pass_unchanged_with_a_rest_after_so_many(day):
    seen = []
    for thing in Pace(share=0.5).along(range(5), every=2):
        day[0] += 1
        seen.append(thing)
    assert seen == [0, 1, 2, 3, 4]
    # Two times two seconds of work are followed by two of rest; the fifth thing has none after it.
    assert day[0] == pytest.approx(9)
