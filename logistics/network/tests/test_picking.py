from datetime import UTC, datetime, time, timedelta

import pytest

from logistics.network.picking import last_cut_off, picking_begins

# In Shanghai, eight hours ahead.
EVENING = time(18)
CASES = [
    (datetime(2026, 11, 20, 9, 59, tzinfo=UTC), datetime(2026, 11, 19, 10, 0, tzinfo=UTC)),
    (datetime(2026, 11, 20, 10, 0, tzinfo=UTC), datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
    (datetime(2026, 11, 20, 16, 30, tzinfo=UTC), datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("now", "began"), CASES)
def test_picking_began_at_the_last_cut_off_in_shanghai(now, began):
    assert last_cut_off(EVENING, now) == began


@pytest.mark.parametrize(("now", "began"), CASES)
def test_what_comes_after_the_cut_off_is_picked_from_the_next_one_on(now, began):
    assert picking_begins(EVENING, now) == began + timedelta(days=1)


def test_without_a_cut_off_orders_are_picked_as_they_come():
    assert picking_begins(None, CASES[0][0]) == CASES[0][0]
