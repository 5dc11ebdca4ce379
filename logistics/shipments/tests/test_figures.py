from datetime import timedelta

import pytest
from django.urls import reverse

from logistics.allocation.jobs import retry_waiting
from logistics.allocation.models import Allocation, FulfilmentRequest, Reason
from logistics.allocation.services import reject_allocation
from logistics.allocation.tests.factories import fulfil
from logistics.network.tests.factories import CHENGDU, CLERK, NOW, make_warehouse, stock
from logistics.shipments.figures import Fulfilled, fulfilled
from logistics.shipments.models import Shipment
from logistics.shipments.services import ship
from logistics.shipments.tests.factories import make_carrier, plan
from shop.catalog.tests.factories import make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = clock.business_day(NOW)


@pytest.fixture
def orders():
    """One in two parcels, of which one came in time; one in one parcel, not due yet; one that waits for two hours."""
    make_carrier()
    one, two, none = make_sku(), make_sku(), make_sku()
    stock(make_warehouse(name="余杭仓"), {one.pk: 2})
    stock(make_warehouse(CHENGDU, name="双流仓"), {two.pk: 1})
    split = plan({one.pk: 1, two.pk: 1})
    plan({one.pk: 1})
    stock(make_warehouse(is_active=False), {none.pk: 1})
    waiting = fulfil({none.pk: 1})
    assert waiting.status == FulfilmentRequest.Status.WAITING
    first, second, third = Shipment.objects.order_by("pk")
    for number, shipment in enumerate((first, second)):
        ship(shipment_number=shipment.number, tracking_number=f"A{number}", actor=CLERK, now=NOW + timedelta(hours=5))
    due = NOW + timedelta(hours=40)
    Shipment.objects.filter(pk__in=[first.pk, second.pk]).update(promised_at=due, cost_fen=500)
    Shipment.objects.filter(pk=first.pk).update(delivered_at=due, status="delivered")
    Shipment.objects.filter(pk=second.pk).update(delivered_at=due + timedelta(seconds=1), status="delivered")
    Shipment.objects.filter(pk=third.pk).update(promised_at=NOW + timedelta(hours=50), cost_fen=600)
    return split


def test_the_figures_of_a_day(orders):
    expected = Fulfilled(orders=3, sent=2, fen=1600, split=1, ripe=3, held=1, due=2, kept=1, hours=5.0)
    now = NOW + timedelta(hours=45)
    assert fulfilled(today=TODAY, now=now) == (expected, {TODAY: expected})
    assert fulfilled(today=TODAY + timedelta(days=30), now=now) == (Fulfilled(), {})


def test_who_is_not_due_is_not_held():
    """A presale that goes in a month; two orders that gathered for three hours, of which one then waits for two; one
    that was due at once and waits."""
    tea, none = make_sku(), make_sku()
    stock(make_warehouse(), {tea.pk: 2})
    stock(make_warehouse(is_active=False), {none.pk: 2})
    later = NOW + timedelta(hours=3)
    fulfil({tea.pk: 1}, not_before=NOW + timedelta(days=30))
    gathered, _lacks = fulfil({tea.pk: 1}, not_before=later), fulfil({none.pk: 1}, not_before=later)
    fulfil({none.pk: 1})
    with clock.fixed(later):
        retry_waiting.run()
    allocated = FulfilmentRequest.objects.get(status=FulfilmentRequest.Status.ALLOCATED)
    assert allocated.pk == gathered.pk
    for hours, ripe, held in ((0, 1, 0), (2, 1, 1), (3, 3, 1), (4, 3, 1), (5, 3, 2)):
        found, _days = fulfilled(today=TODAY, now=NOW + timedelta(hours=hours))
        assert (hours, found.orders, found.ripe, found.held) == (hours, 4, ripe, held)


def test_the_page_shows_charts_warehouses_and_what_was_turned_down(admin_client, orders, django_assert_max_num_queries):
    opened = Allocation.objects.filter(status="open").first()
    reject_allocation(number=opened.number, reason=Reason.OVERLOADED, units={}, actor=CLERK, now=NOW)
    with clock.fixed(NOW + timedelta(hours=45)), django_assert_max_num_queries(14):
        page = admin_client.get(reverse("admin:shipments_shipment_figures")).content.decode()
    for words in ("余杭仓", "双流仓", "50.0%", "5.0", "chart"):
        assert words in page


@pytest.mark.parametrize(("hours", "label"), [(51, "late"), (40, "soon"), (1, "")])
def test_the_clock_of_the_promise(admin_client, orders, hours, label):
    """Fifty hours were promised."""
    with clock.fixed(NOW + timedelta(hours=hours)):
        page = admin_client.get(reverse("admin:shipments_shipment_changelist"), {"work": "to_ship"})
        (waiting,) = page.context["cl"].result_list
        assert page.context["cl"].model_admin.sla(waiting).code == label
