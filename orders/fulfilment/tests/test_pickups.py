"""An order that is fetched: its parcels go to the store, and the last of them opens the pickup."""

from datetime import timedelta

import pytest

from logistics.network.tests.factories import HANGZHOU, make_store, make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment, ShipmentStatus
from members.notifications.models import Notification
from orders.checkout.tests.making import items, place
from orders.fulfilment.notices import tell_delivered
from orders.fulfilment.services import follow_parcels
from orders.fulfilment.tests.test_parcels import deliver_facts, pay, report
from orders.verification.models import Pickup
from orders.verification.tests.making import code_of
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def pickup_of(client, number):
    return client.get(f"/api/v1/orders/{number}").json()["pickup"]


def test_the_last_parcel_makes_the_order_ready_and_tells_the_member(member, member_client):
    store, tea, cup = make_store(name="武林店"), SkuFactory(stock=0), SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {tea.pk: 5, cup.pk: 5})
    body = {"items": items((tea, 2), (cup, 1)), "pickup_store_id": store.pk}
    number = place(member_client, body).json()["number"]
    order = member.orders.get(number=number)
    pay(order)
    deliver_facts()
    assert pickup_of(member_client, number) is None
    now = clock.now()
    for status in (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED):
        for shipment in Shipment.objects.filter(order_number=number):
            report(shipment, status)
        follow_parcels(order_number=number, now=now)
        follow_parcels(order_number=number, now=now)
    tell_delivered(shipment_number=Shipment.objects.filter(order_number=number)[0].number, now=now)
    pickup = Pickup.objects.get()
    assert (pickup.store, pickup.fetch_by) == (store, now + timedelta(days=7))
    told = Notification.objects.filter(member=member, event__startswith="pickup")
    assert list(told.values_list("event", flat=True)) == ["pickup_ready"]
    assert not Notification.objects.filter(event="order_delivered").exists()
    body = Notification.objects.get(event="pickup_ready").body
    assert "武林店" in body
    assert code_of(pickup) not in body

    shown = pickup_of(member_client, number)
    assert (shown["status"], shown["code"], shown["store"]["name"]) == ("ready", code_of(pickup), "武林店")
    assert shown["qr"].startswith("data:image/svg+xml")
    assert code_of(pickup).replace("-", "").encode() not in bytes(pickup.code_hash)
