import pytest

from logistics.network.tests.factories import CHENGDU, CLERK, NOW, make_warehouse, stock
from logistics.shipments.models import Shipment
from logistics.shipments.queries import Progress, order_parcels, progress
from logistics.shipments.services import record_tracking, ship
from logistics.shipments.tests.factories import event, make_carrier, plan, ready
from shop.catalog.tests.factories import make_sku

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_buyer_sees_parcels_with_their_events_newest_first(django_assert_num_queries):
    shipment = ready()
    reports = [event("picked_up", hours=1), event("in_transit", hours=2)]
    record_tracking(tracking_number=shipment.tracking_number, events=reports, now=NOW)
    with django_assert_num_queries(3):
        (parcel,) = order_parcels(order_number=shipment.order_number)
    assert (parcel.carrier_code, parcel.tracking_number) == ("ZTO", shipment.tracking_number)
    assert [each.state for each in parcel.events] == ["in_transit", "picked_up"]
    assert list(parcel.items.values()) == [1]


def test_a_split_order_is_shipped_when_its_last_parcel_is():
    make_carrier()
    one, two = make_sku(), make_sku()
    stock(make_warehouse(), {one.pk: 1})
    stock(make_warehouse(CHENGDU), {two.pk: 1})
    order = plan({one.pk: 1, two.pk: 1}).order_number
    first, second = Shipment.objects.order_by("pk")
    ship(shipment_number=first.number, tracking_number="A1", actor=CLERK, now=NOW)
    assert progress(order_number=order) == Progress(planned=2, shipped=1, delivered=0)
    ship(shipment_number=second.number, tracking_number="A2", actor=CLERK, now=NOW)
    record_tracking(tracking_number="A1", events=[event("delivered", hours=5)], now=NOW)
    assert progress(order_number=order) == Progress(planned=2, shipped=2, delivered=1)
