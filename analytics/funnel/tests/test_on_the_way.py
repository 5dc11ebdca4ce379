"""What goes wrong between a front and the shop changes no figure: one test for each, and its control."""

from datetime import date, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest

from analytics.events.models import Event
from analytics.events.services import receiving
from analytics.events.tests.making import load
from analytics.funnel.queries import FunnelQuestion, funnel_of
from analytics.funnel.tests import oracle
from analytics.funnel.tests.history import (
    NO_TIME,
    TWO_HOURS,
    by_hour,
    count_everything,
    orders_of,
    post,
    some_days,
    tell_of_orders,
)
from analytics.funnel.tests.test_against_duckdb import same_traffic
from analytics.traffic.models import SessionFact
from shop.core import clock

pytestmark = pytest.mark.django_db
SEED, VISITORS, DAYS = 9, 24, 3
FIRST = date(2026, 5, 1)
PERIODS = [(FIRST, FIRST), (FIRST + timedelta(days=1), FIRST + timedelta(days=9))]
LATE = timedelta(hours=71)  # sent at the end of the hour, three days at most


@pytest.fixture
def meant():
    return some_days(SEED, visitors=VISITORS, days=DAYS)


@pytest.fixture
def orders(meant):
    return orders_of(meant, SEED)


def arrive(api, meant, orders, *, late=NO_TIME, wrong=NO_TIME, times=1, other_ids=False):
    """Every second visitor's events with what goes wrong, the others' as they should; counted before and after."""
    odd = [each for each in meant if int(each.visitor_id[1:]) % 2]
    for hour, some in by_hour([each for each in meant if each not in odd]):
        with clock.fixed(hour):
            post(api, some)
    tell_of_orders(orders)
    load()
    count_everything()
    for hour, some in by_hour(odd):
        for time in range(times):
            again = [type(each)(**{**vars(each), "id": str(uuid4())}) for each in some]
            with clock.fixed(hour + late + time * timedelta(minutes=9)):
                post(api, again if time and other_ids else some, wrong=wrong)
    load()


def same_figures(meant, orders):
    """Page views, visits, bounces and the funnel, as DuckDB counts them of what was meant."""
    db = oracle.table([*meant, *orders])
    for first, last in PERIODS:
        same_traffic(db, first, last)
        steps = funnel_of(FunnelQuestion(first, last))
        assert list(steps) == oracle.funnel(db, first, last)
        assert steps.clicked > steps.paid > 0


ON_THE_WAY = {
    "nothing": {},
    "sent twice": {"times": 2},
    "three days late": {"late": LATE},
    "a clock two hours ahead": {"wrong": TWO_HOURS},
    "a clock two hours behind": {"wrong": -TWO_HOURS},
    "all of it": {"times": 3, "late": LATE - timedelta(hours=1), "wrong": TWO_HOURS},
}


@pytest.mark.parametrize("what", ON_THE_WAY)
def test_what_goes_wrong_on_the_way_changes_no_figure(api, meant, orders, what):
    arrive(api, meant, orders, **ON_THE_WAY[what])
    count_everything()
    assert Event.objects.count() == len(meant) + len(orders)
    same_figures(meant, orders)


def test_control_sent_twice_under_other_names_is_counted_twice(api, meant, orders):
    arrive(api, meant, orders, times=2, other_ids=True)
    count_everything()
    with pytest.raises(AssertionError):
        same_figures(meant, orders)


def test_control_a_clock_that_nobody_puts_right_moves_sessions_to_other_days(api, meant, orders):
    with patch.object(receiving, "LATENCY_MS", 10**12):
        arrive(api, meant, orders, wrong=-TWO_HOURS)
    count_everything()
    assert Event.objects.count() == len(meant) + len(orders)
    with pytest.raises(AssertionError):
        same_figures(meant, orders)


def test_control_days_that_are_not_counted_again_lack_what_came_late(api, meant, orders):
    arrive(api, meant, orders, late=LATE)
    assert len(set(SessionFact.objects.values_list("visitor_id", flat=True))) < VISITORS
    with pytest.raises(AssertionError):
        same_figures(meant, orders)
