"""Two policies on the same orders: every part of what they cost, counted as the planner would plan them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from logistics.allocation.comparing import Account, compare
from logistics.allocation.models import Allocation, FulfilmentRequest
from logistics.allocation.screens import comparison_panels
from logistics.allocation.services.planning import plan_waiting
from logistics.allocation.terms import Rule, Terms
from logistics.allocation.tests.factories import fulfil
from logistics.carriers.models import Carrier, CarrierRate
from logistics.network.models import Warehouse
from logistics.network.tests.factories import NOW, make_warehouse, stock
from shop.catalog.tests.factories import make_sku

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=5)
# The carrier takes 60 hours: 12 late for ¥1.20. It keeps 9 of 10 promises: the chance of missing one is worth ¥1.
TERMS = Terms(promise_hours=48, late_hour_fen=10, promise_worth_fen=1000, per_parcel_fen=300, distance_fen=1000)


@pytest.fixture
def sites():
    """One where the orders go, as coarsely as that is known, and one a degree further north: 111.195 km, ¥11.12."""
    carrier = Carrier.objects.create(code="ZTO", name="中通")
    CarrierRate.objects.create(carrier=carrier, first_fen=500, step_fen=200, eta_hours=60)
    place = {"longitude": 120.1, "handling_hours": 0}
    return make_warehouse(name="近仓", latitude=30.3, **place), make_warehouse(name="远仓", latitude=31.3, **place)


def waiting(items: dict[int, int]) -> FulfilmentRequest:
    return fulfil(items, not_before=LATER)


def compared(second: Terms = TERMS):
    return compare(scope="open", first=TERMS, second=second, now=LATER)


@pytest.fixture
def tea(sites):
    """Three units of half a kilogram in each."""
    sku = make_sku()
    for site in sites:
        stock(site, {sku.pk: 3})
    return sku


def never_from(site: Warehouse) -> Terms:
    return Terms(version=2, rules=(Rule(1, False, (), (), (site.pk,)),))


def test_what_is_shown_adds_up(sites, tea):
    """One unit of tea and one that only lies afar, each from where it is cheapest; forbidden from there, it waits:
    ¥60."""
    _near, far = sites
    cup = make_sku()
    stock(far, {cup.pk: 1})
    for sku in (tea, cup):
        waiting({sku.pk: 1})
    with override("en"):
        rows = comparison_panels(compared(never_from(far)))[0].rows
    money = [[Decimal(cell.replace("¥", "").replace(",", "")) for cell in row[1:]] for row in rows if "¥" in row[1]]
    *parts, together = money
    # ¥5 freight, ¥3 packing, ¥1.20 lateness and ¥1 for a promise, twice; the way of one of them.
    assert together == [Decimal("31.52"), Decimal("70.20"), Decimal("38.68")]
    assert [sum(column) for column in zip(*parts, strict=True)] == together


def test_a_split_line_is_counted_in_each_of_its_parcels_by_its_own_weight(sites, tea):
    """Of five units three from nearby are a kilogram and another step, two from afar no more than the first weight."""
    _near, far = sites
    order = waiting({tea.pk: 5})
    found = compared(never_from(far))
    assert found.first == Account(
        version=0,
        served=1,
        waiting=0,
        parcels=2,
        split=1,
        freight_fen=700 + 500,
        per_parcel_fen=2 * 300,
        way_fen=0 + 1112,
        late_fen=2 * 120,
        missed_fen=2 * 100,
        waiting_fen=0,
    )
    assert (found.second.waiting, found.second.waiting_fen, found.second.freight_fen) == (1, 6000, 0)
    assert (found.first.cost_fen, found.second.cost_fen) == (3352, 6000)
    assert [(each.order_number, each.first, each.second, each.more_fen) for each in found.moves] == [
        (order.order_number, "近仓, 远仓", "–", 6000 - 3352)
    ]


def test_what_must_be_split_is_split_as_the_planner_does_it(sites, tea):
    """The small order is planned first, with those that can be sent whole; the large one gets what that leaves."""
    near, far = sites
    large, small = waiting({tea.pk: 5}), waiting({tea.pk: 1})
    found = compared().first
    assert (found.served, found.waiting, found.split, found.parcels) == (2, 0, 1, 3)
    # One unit; two, a kilogram; three, a kilogram and a step.
    assert found.freight_fen == 500 + 500 + 700
    plan_waiting(requests=FulfilmentRequest.objects.all(), now=LATER)
    planned = Allocation.objects.values_list("request", "warehouse", "lines__quantity")
    assert set(planned) == {(small.pk, near.pk, 1), (large.pk, near.pk, 2), (large.pk, far.pk, 3)}


def test_what_one_order_takes_is_not_given_to_the_next(tea):
    """Each of two orders wants four, more than lie in any one place; without the third place there are six."""
    third = make_warehouse(latitude=33.3, longitude=120.1)
    stock(third, {tea.pk: 3})
    _first, second = waiting({tea.pk: 4}), waiting({tea.pk: 4})
    found = compared(never_from(third))
    assert [(each.served, each.waiting, each.parcels) for each in (found.first, found.second)] == [(2, 0, 4), (1, 1, 2)]
    assert [each.order_number for each in found.moves] == [second.order_number]


def test_an_order_of_many_lines_is_compared_with_all_of_them(sites):
    """Seven lines weigh three and a half kilograms: the first and three steps."""
    near, _far = sites
    items = {make_sku().pk: 1 for _line in range(7)}
    stock(near, items)
    waiting(items)
    found = compared().first
    assert (found.served, found.parcels, found.freight_fen, found.cost_fen) == (1, 1, 1100, 1100 + 300 + 120 + 100)
