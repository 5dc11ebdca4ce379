"""Packing by hand: one parcel becomes several, several become one; nothing is lost, doubled or shipped twice."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from logistics.allocation.errors import AllocationNotOpen, UnitsDiffer
from logistics.allocation.invariants import LAWS as ALLOCATION_LAWS
from logistics.allocation.models import Allocation
from logistics.network.invariants import LAWS as NETWORK_LAWS
from logistics.network.models import WarehouseStock
from logistics.network.tests.factories import NOW, make_warehouse, stock
from logistics.shipments.errors import NotShippable
from logistics.shipments.models import Shipment
from logistics.shipments.packing import pack_anew, units_of
from logistics.shipments.printing import picks
from logistics.shipments.services import ship
from logistics.shipments.tests.factories import plan
from orders.fulfilment.tests.test_parcels import deliver_facts
from shop.catalog.tests.factories import make_sku
from shop.core.actors import Actor
from shop.core.models import OutboxEntry, StaffUser
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
PACKER = Actor.staff("packer")
PARCELS = "/admin/shipments/shipment/"


@pytest.fixture
def goods():
    tea, cup = make_sku(), make_sku()
    stock(make_warehouse(), {tea.pk: 5, cup.pk: 5})
    return tea.pk, cup.pk


@pytest.fixture
def parcel(goods):
    tea, cup = goods
    shipment = plan({tea: 3, cup: 1})
    Shipment.objects.filter(pk=shipment.pk).update(tracking_number="OLD1", status="ready")
    deliver_facts()
    return shipment


def pack(*parcels, of):
    numbers = [shipment.number for shipment in of]
    pack_anew(order_number=of[0].order_number, shipment_numbers=numbers, parcels=parcels, now=NOW)


def packed():
    here = Shipment.objects.exclude(status="cancelled").order_by("pk")
    return {shipment: dict(units_of([shipment])) for shipment in here}


def assert_lawful():
    assert [each for law in (*ALLOCATION_LAWS, *NETWORK_LAWS) for each in law()] == []


def test_a_parcel_becomes_two_and_the_two_become_one(parcel, goods):
    tea, cup = goods
    pack({tea: 2}, {tea: 1, cup: 1}, of=[parcel])
    assert OutboxEntry.objects.filter(fact="WaybillVoided").count() == 0
    deliver_facts()
    assert list(packed().values()) == [{tea: 2}, {tea: 1, cup: 1}]
    parcel.refresh_from_db()
    assert parcel.status == "cancelled"
    assert OutboxEntry.objects.get(fact="WaybillVoided").payload["tracking_number"] == "OLD1"
    assert_lawful()
    pack({tea: 3, cup: 1}, of=list(packed()))
    deliver_facts()
    assert list(packed().values()) == [{tea: 3, cup: 1}]
    assert list(WarehouseStock.objects.order_by("sku").values_list("on_hand", "allocated")) == [(5, 3), (5, 1)]
    assert_lawful()


def test_the_parts_are_shipped_one_by_one_and_the_old_parcel_never(parcel, goods):
    tea, cup = goods
    pack({tea: 3}, {cup: 1}, of=[parcel])
    with pytest.raises((AllocationNotOpen, NotShippable)):
        ship(shipment_number=parcel.number, actor=PACKER, now=NOW)
    deliver_facts()
    for number, shipment in enumerate(packed()):
        carrier = shipment.carrier_id
        ship(
            shipment_number=shipment.number, tracking_number=f"N{number:04}", carrier_id=carrier, actor=PACKER, now=NOW
        )
    assert list(WarehouseStock.objects.order_by("sku").values_list("on_hand", "allocated")) == [(2, 0), (4, 0)]
    assert_lawful()


@pytest.mark.parametrize("wrong", ["more", "less", "other", "nothing"])
def test_parcels_hold_exactly_what_was_to_be_sent(parcel, goods, wrong):
    tea, cup = goods
    parcels = {
        "more": [{tea: 3, cup: 2}],
        "less": [{tea: 2, cup: 1}],
        "other": [{tea: 3, cup: 1, 99: 1}],
        "nothing": [],
    }[wrong]
    with pytest.raises(UnitsDiffer):
        pack(*parcels, of=[parcel])
    assert list(packed()) == [parcel]
    assert Allocation.objects.get().status == "open"
    assert not OutboxEntry.objects.filter(fact="FulfilmentRepacked").exists()


def test_what_has_left_stays_packed(parcel, goods):
    tea, cup = goods
    ship(shipment_number=parcel.number, actor=PACKER, now=NOW)
    with pytest.raises(NotShippable):
        pack({tea: 3}, {cup: 1}, of=[parcel])
    assert list(packed().values()) == [{tea: 3, cup: 1}]


def test_shipping_and_packing_at_once_never_both(parcel, goods):
    tea, cup = goods
    run_together(
        lambda: ship(shipment_number=parcel.number, actor=PACKER, now=NOW),
        lambda: pack({tea: 3}, {cup: 1}, of=[parcel]),
    )
    deliver_facts()
    shipped = Shipment.objects.filter(status="shipped").count()
    assert sorted(packed().values(), key=len) == ([{tea: 3, cup: 1}] if shipped else [{tea: 3}, {cup: 1}])
    assert_lawful()


def test_staff_pack_and_merge_in_the_admin_and_print_what_to_pick(parcel, goods):
    tea, cup = goods
    user = StaffUser.objects.create_user("packer", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_shipment", "change_shipment"]))
    desk = Client(headers={"Accept-Language": "en"})
    desk.force_login(user)
    page = f"{PARCELS}{parcel.pk}/pack/"
    assert desk.get(page).status_code == 200
    cells = {f"sku_{tea}_1": "1", f"sku_{tea}_2": "2", f"sku_{cup}_2": "1"}
    assert desk.post(page, cells | {f"sku_{tea}_1": "2"}).status_code == 200
    assert list(packed()) == [parcel]
    assert desk.post(page, cells).url == f"{PARCELS}?q={parcel.order_number}"
    deliver_facts()
    assert list(packed().values()) == [{tea: 1}, {tea: 2, cup: 1}]
    chosen = [shipment.pk for shipment in packed()]
    listed = desk.post(PARCELS, {"action": "print_picking", "_selected_action": chosen}).content.decode()
    assert "2 parcels" in listed
    assert [(pick.sku.pk, pick.units, pick.parcels) for pick in picks(Shipment.objects.filter(pk__in=chosen))] == [
        (tea, 3, 2),
        (cup, 1, 1),
    ]
    label = desk.post(PARCELS, {"action": "print_labels", "_selected_action": chosen}).content.decode()
    assert label.count("<svg") == 2
    assert "size: 100mm 150mm" in label
    assert "size: A4" in desk.post(PARCELS, {"action": "print_slips", "_selected_action": chosen}).content.decode()
    desk.post(PARCELS, {"action": "merge_selected", "confirmed": "1", "_selected_action": chosen})
    deliver_facts()
    assert list(packed().values()) == [{tea: 3, cup: 1}]
    user.user_permissions.set(Permission.objects.filter(codename="view_shipment"))
    assert desk.post(page, cells).status_code == 403
