from datetime import UTC, date, datetime

from shop.core import clock


def test_a_business_day_is_a_day_in_shanghai():
    assert clock.business_day(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert clock.business_day(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2027, 1, 1)


def test_day_bounds_are_half_open_in_utc():
    start, end = clock.day_bounds(date(2028, 2, 29))
    assert start == datetime(2028, 2, 28, 16, tzinfo=UTC)
    assert end == datetime(2028, 2, 29, 16, tzinfo=UTC)


def test_the_clock_can_be_held():
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    with clock.fixed(moment):
        assert clock.now() == moment
    assert clock.now() > moment
