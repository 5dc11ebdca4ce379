import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core.money import spread, yuan


def test_spread_gives_the_odd_fen_to_the_largest_remainder_and_ties_to_the_earlier_line():
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(10, [333, 333, 334]) == [3, 3, 4]
    assert spread(-100, [1, 1, 1]) == [-34, -33, -33]
    assert spread(5, [0, 0]) == [3, 2]
    assert spread(0, []) == []


def test_spread_refuses_what_cannot_be_split():
    with pytest.raises(ValueError, match="nothing to spread over"):
        spread(1, [])
    with pytest.raises(ValueError, match="negative"):
        spread(1, [1, -1])


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_spread_sums_exactly_and_stays_within_one_fen_of_the_fair_share(total, weights):
    shares = spread(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    if whole:
        assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))


def test_yuan_reads_like_a_price():
    assert [yuan(0), yuan(5), yuan(123456), yuan(-1050)] == ["¥0.00", "¥0.05", "¥1,234.56", "-¥10.50"]
