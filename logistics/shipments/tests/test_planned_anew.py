"""What becomes of parcels whose allocation was turned down, sent from elsewhere or planned anew."""

from datetime import time, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from logistics.allocation.models import Allocation, Reason
from logistics.allocation.services import reject_allocation, send_from_elsewhere
from logistics.allocation.services.replanning import replan
from logistics.carriers.models import CarrierChoice
from logistics.network.models import Warehouse
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_warehouse, stock
from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.tests.factories import make_carrier, plan, ready
from shop.catalog.tests.factories import make_sku
from shop.core import clock, outbox
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
HERE = ("cancel_rejected_parcel", "cancel_repacked_parcels", "plan_parcels")


def deliver() -> None:
    pending = OutboxEntry.objects.filter(status="pending").order_by("pk")
    for entry in [each for each in pending if each.subscriber.rpartition(".")[2] in HERE]:
        outbox.deliver(entry_ids=[entry.pk])


@pytest.fixture
def parcel():
    """With its waybill, from the far warehouse; since then the goods lie near by as well."""
    make_carrier()
    sku = make_sku()
    make_warehouse(GUANGZHOU, pick_cut_off=time(18))
    stock(Warehouse.objects.get(), {sku.pk: 5})
    shipment = ready(items={sku.pk: 1})
    stock(make_warehouse(pick_cut_off=time(18)), {sku.pk: 5})
    return shipment


@pytest.mark.parametrize("how", ["turned down", "by hand", "planned anew"])
def test_the_waybill_is_voided_and_another_parcel_planned_from_elsewhere(parcel, how):
    number, near = parcel.allocation.number, Warehouse.objects.exclude(pk=parcel.warehouse_id).get()
    if how == "turned down":
        reject_allocation(number=number, reason=Reason.OVERLOADED, units={}, actor=CLERK, now=NOW)
    elif how == "by hand":
        send_from_elsewhere(number=number, warehouse_id=near.pk, note="-", actor=CLERK, now=NOW)
    else:
        assert replan(now=NOW + timedelta(minutes=5))["moved"] == 1
    deliver()
    parcel.refresh_from_db()
    assert parcel.status == ShipmentStatus.CANCELLED
    voided = OutboxEntry.objects.get(fact="WaybillVoided")
    assert voided.payload["tracking_number"] == parcel.tracking_number
    (planned,) = Shipment.objects.exclude(pk=parcel.pk)
    assert (planned.warehouse_id, planned.status, planned.order_number) == (near.pk, "planned", parcel.order_number)


def test_the_parcel_instead_keeps_the_promise_where_a_carrier_can(parcel):
    """Promised for 72 hours after 18:00, when it was to be picked. Turned down a day later, it is picked a day later as
    well: 24 hours remain for the road."""
    dear = make_carrier("SF", first_fen=1500, eta_hours=24)
    reject_allocation(
        number=parcel.allocation.number, reason=Reason.OVERLOADED, units={}, actor=CLERK, now=NOW + timedelta(days=1)
    )
    with clock.fixed(NOW + timedelta(days=1)):
        deliver()
    planned = Shipment.objects.exclude(pk=parcel.pk).get()
    assert (planned.carrier_id, planned.promised_at) == (dear.pk, parcel.promised_at)
    cheap, _dear = sorted(CarrierChoice.objects.get(reference=planned.number).candidates, key=lambda c: c["cost_fen"])
    assert (cheap["carrier_code"], cheap["rejected"]) == ("ZTO", "too_slow")


def test_printing_a_picking_list_begins_the_picking_for_who_may_ship(client, django_user_model):
    shipment = plan()
    form = {"action": "print_picking", "_selected_action": [shipment.pk]}
    user = django_user_model.objects.create_user("picker", is_staff=True)
    for codename, picked in (("view_shipment", False), ("change_shipment", True)):
        user.user_permissions.add(Permission.objects.get(codename=codename))
        client.force_login(user)
        assert client.post(reverse("admin:shipments_shipment_changelist"), form).status_code == 200
        assert (Allocation.objects.get().picked_at is not None) is picked
