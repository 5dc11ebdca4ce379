"""Another address before an order leaves: the order, the warehouses and the parcels follow; what has left does not."""

import pytest
from django.contrib.admin.models import LogEntry

from logistics.allocation.models import FulfilmentRequest
from logistics.network.tests.factories import HANGZHOU, make_region, make_warehouse
from logistics.shipments.models import Shipment
from logistics.shipments.services import ship
from logistics.shipments.tests.factories import make_carrier
from members.identity.models import Member
from orders.checkout.invariants import LAWS
from orders.checkout.models import Order
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.workbench.errors import RecipientNotChangeable, RegionUnknown
from orders.workbench.services.readdressing import change_recipient
from orders.workbench.tests.making import LIST, STAFF, clerk, order_of, owner, pay, seated, to_ship
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere():
    return make_region("440106")


def change(order, **more):
    to = {"name": "李四", "phone": "+8613900139000", "region_code": "440106", "detail": "天河路 1 号", "reason": "搬家"}
    return change_recipient(number=order.number, actor=STAFF, now=clock.now(), **{**to, **more})


def test_an_unpaid_order_goes_elsewhere_and_is_asked_for_there(elsewhere):
    order = order_of()
    change(order)
    order.refresh_from_db()
    assert (order.recipient["name"], order.recipient["region_code"], order.phone_tail) == ("李四", "440106", "9000")
    assert order.events.last().note == "修改地址：搬家"
    pay(order)
    deliver_facts()
    assert FulfilmentRequest.objects.get(order_number=order.number).recipient["detail"] == "天河路 1 号"
    assert [each for law in LAWS for each in law()] == []


def test_a_parcel_that_waits_is_planned_anew_and_its_waybill_voided(elsewhere):
    make_carrier("SF")
    [old] = to_ship(make_warehouse(HANGZHOU))
    change(Order.objects.get(number=old.order_number))
    deliver_facts()
    old.refresh_from_db()
    assert old.status == "cancelled"
    assert OutboxEntry.objects.get(fact="WaybillVoided").payload["tracking_number"] == old.tracking_number
    new = Shipment.objects.exclude(status="cancelled").get(order_number=old.order_number)
    assert (new.recipient["name"], new.recipient["detail"]) == ("李四", "天河路 1 号")
    assert [each for law in LAWS for each in law()] == []


def test_what_has_left_goes_where_it_goes(elsewhere):
    make_carrier("SF")
    [parcel] = to_ship(make_warehouse(HANGZHOU))
    ship(shipment_number=parcel.number, actor=STAFF, now=clock.now())
    deliver_facts()
    before = Order.objects.get(number=parcel.order_number)
    with pytest.raises(RecipientNotChangeable):
        change(before)
    assert Order.objects.get(pk=before.pk).recipient == before.recipient


def test_an_unknown_district_changes_nothing():
    order = order_of()
    with pytest.raises(RegionUnknown):
        change(order, region_code="999999")
    assert Order.objects.get(pk=order.pk).recipient == order.recipient


def test_staff_who_see_addresses_change_them(elsewhere):
    order, boss = order_of(), seated(owner())
    page = f"{LIST}{order.pk}/address/"
    assert order.recipient["detail"] in boss.get(page).content.decode()
    typed = {"name": "李四", "phone": "139", "region_code": "440106", "detail": "天河路 1 号", "reason": "搬家"}
    assert "Enter a valid phone number." in boss.post(page, typed).content.decode()
    assert boss.post(page, {**typed, "phone": "13900139000"}).url == f"{LIST}{order.pk}/change/"
    assert Order.objects.get(pk=order.pk).recipient["phone"] == "+8613900139000"
    assert "搬家" in LogEntry.objects.get().get_change_message()
    assert Member.objects.get(pk=order.member_id).addresses.get().name == "张三"
    assert seated(clerk("view_order", "change_order")).get(page).status_code == 403
