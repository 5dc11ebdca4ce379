"""Shares of a line that go back, step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.pricing.refunds import LineShare, LineSnapshot, line_snapshot, refundable


def test_three_units_for_ten_yuan_go_back_to_the_fen():
    line = LineSnapshot(units=3, payable_fen=1000, points=50, coupon_fen=100)
    steps = [refundable(line, units_before=each, units_after=each + 1) for each in range(3)]
    assert steps == [LineShare(333, 16, 33), LineShare(333, 17, 33), LineShare(334, 17, 34)]
    assert refundable(line, units_before=0, units_after=3) == LineShare(1000, 50, 100)


def test_a_full_refund_is_not_one_fen_over_what_was_paid():
    # 2 units for 3 fen: rounding each unit's share up would give back 4.
    line = LineSnapshot(units=2, payable_fen=3)
    assert [refundable(line, units_before=each, units_after=each + 1).cash_fen for each in (0, 1)] == [1, 2]


def test_a_partial_return_leaves_the_shares_of_the_rest_alone():
    # ¥50 off ¥200 was spread 25 : 25 over two lines of ¥100. Returning one gives back 75, whatever remains.
    first = line_snapshot(units=1, payable_fen=7500, adjustments=[{"kind": "coupon", "amount_fen": -2500}])
    assert refundable(first, units_before=0, units_after=1) == LineShare(7500, 0, 2500)


def test_points_and_coupons_are_read_from_what_the_order_kept():
    kept = [
        {"kind": "timed_discount", "amount_fen": -300, "points": 0},
        {"kind": "coupon", "amount_fen": -200, "points": 0},
        {"kind": "coupon", "amount_fen": -50, "points": 0},
        {"kind": "points", "amount_fen": -100, "points": 100},
    ]
    assert line_snapshot(units=2, payable_fen=1350, adjustments=kept) == LineSnapshot(2, 1350, 100, 250)


@pytest.mark.parametrize(("before", "after"), [(-1, 1), (2, 1), (0, 4)])
def test_units_out_of_range_are_refused(before, after):
    with pytest.raises(ValueError, match="units returned"):
        refundable(LineSnapshot(3, 1000), units_before=before, units_after=after)


@given(
    line=st.builds(
        LineSnapshot,
        units=st.integers(1, 60),
        payable_fen=st.integers(0, 10**9),
        points=st.integers(0, 10**6),
        coupon_fen=st.integers(0, 10**6),
    ),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
def test_steps_of_any_size_sum_exactly_to_the_whole(line, cuts):
    marks = [0, *sorted(min(cut, line.units) for cut in cuts), line.units]
    steps = [refundable(line, units_before=low, units_after=high) for low, high in zip(marks, marks[1:], strict=False)]
    assert sum(each.cash_fen for each in steps) == line.payable_fen
    assert sum(each.points for each in steps) == line.points
    assert sum(each.coupon_fen for each in steps) == line.coupon_fen
    assert all(min(each.cash_fen, each.points, each.coupon_fen) >= 0 for each in steps)
