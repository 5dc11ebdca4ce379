"""What is counted here equals what DuckDB counts of the same events by other statements, to the event."""

from datetime import date, timedelta

import pytest

from analytics.events.models import DirtyDay, Event
from analytics.funnel.models import FunnelFact, Unit
from analytics.funnel.queries import FunnelQuestion, funnel_by, funnel_of
from analytics.funnel.rebuild import rebuild_funnel
from analytics.funnel.tests import oracle
from analytics.funnel.tests.history import arrive, orders_of, some_days
from analytics.traffic.models import HeatHour, PageDay, SessionFact
from analytics.traffic.queries import Slice, heat_of, pages_of, sessions_by, sessions_of, visitors_of
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic

pytestmark = pytest.mark.django_db
FIRST = date(2026, 5, 1)
PERIODS = [(FIRST, FIRST), (FIRST, FIRST + timedelta(days=2)), (FIRST, FIRST + timedelta(days=9))]


@pytest.mark.parametrize("seed", [1, 2])
def test_traffic_and_funnel_equal_an_independent_count(api, seed):
    meant = some_days(seed)
    orders = orders_of(meant, seed)
    arrive(api, meant, orders, seed)
    db = oracle.table([*meant, *orders])
    assert Event.objects.count() == len(meant) + len(orders)
    assert not DirtyDay.objects.filter(kind__in=("traffic", "heat", "funnel")).exists()
    for first, last in PERIODS:
        same_traffic(db, first, last)
        _same_funnels(db, first, last)
    _same_heat(db)
    _same_when_counted_again()


def same_traffic(db, first, last):
    """Page views, sessions, visitors; entries, bounces, exits and views of every page."""
    asked = Slice(first, last)
    pages = {each.page: (each.entries, each.bounces, each.exits, each.views) for each in pages_of(asked)}
    assert {page: counts for page, counts in pages.items() if counts[0]} == oracle.pages(db, first, last)
    whole = sessions_of(asked)
    assert whole.bounces == sum(bounces for _entries, bounces, _exits, _views in pages.values()) > 0
    assert (whole.sessions, whole.views, visitors_of(asked)) == oracle.visits(db, first, last)


def _same_funnels(db, first, last):
    by_visitor = funnel_of(FunnelQuestion(first, last))
    assert list(by_visitor) == oracle.funnel(db, first, last)
    assert by_visitor.exposed > by_visitor.clicked > by_visitor.in_cart >= by_visitor.paid
    for field in ("day", "channel"):
        parts = funnel_by(FunnelQuestion(first, last), field)
        assert {part: list(steps) for part, steps in parts.items()} == oracle.funnel_by(db, first, last, field)
        assert [sum(step) for step in zip(*parts.values(), strict=True)] == list(by_visitor)
    for product in (1, 4):
        asked = FunnelQuestion(first, last, Unit.PRODUCT, str(product))
        assert list(funnel_of(asked)) == oracle.funnel(db, first, last, where=f"product_id = {product}")


def _same_heat(db):
    rows = db.execute(
        "SELECT product_id, hour(happened), count(*) FROM events WHERE name = 'click' GROUP BY ALL"
    ).fetchall()
    hours = dict(heat_of(first=PERIODS[2][0], last=PERIODS[2][1], name="click"))
    assert {(product, hour): hours[product][hour] for product, hour, _count in rows} == {
        (product, hour): count for product, hour, count in rows
    }
    assert sum(map(sum, hours.values())) == sum(count for _product, _hour, count in rows) > 0


def _same_when_counted_again():
    def everything():
        ignored = ("id",)
        return [
            sorted(
                tuple((name, str(value)) for name, value in row.items() if name not in ignored)
                for row in model.objects.values()
            )
            for model in (SessionFact, PageDay, HeatHour, FunnelFact)
        ]

    before = everything()
    for n in range(-1, 11):
        day = FIRST + timedelta(days=n)
        rebuild_traffic(day)
        rebuild_heat(day)
        rebuild_funnel(day)
    assert everything() == before


def test_parts_add_up_to_the_whole(api):
    meant = some_days(3, visitors=15)
    arrive(api, meant, [], 3)
    first, last = PERIODS[2]
    whole = sessions_of(Slice(first, last))
    for field in ("day", "channel", "device"):
        parts = [each for _part, each in sessions_by(Slice(first, last), field)]
        for figure in ("sessions", "entries", "bounces", "views", "dwell_ms"):
            assert sum(getattr(each, figure) for each in parts) == getattr(whole, figure) > 0
