from datetime import timedelta

import pytest
from django.urls import reverse

from logistics.carriers.models import Carrier
from logistics.network.tests.factories import NOW
from logistics.shipments.errors import NotUnderWay, UnknownShipment
from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.services import correct_tracking, record_tracking
from logistics.shipments.tests.factories import event, plan, ready
from shop.core import clock
from shop.core.actors import Actor
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:shipments_shipment_changelist"


def act(admin_client, action: str, shipments: list[Shipment]):
    form = {"action": action, "confirmed": "1", "_selected_action": [shipment.pk for shipment in shipments]}
    return admin_client.post(reverse(LIST), form, follow=True)


def test_parcels_are_shipped_together_and_those_that_cannot_are_named(admin_client):
    good, planned, gone = ready(), plan(), ready()
    act(admin_client, "ship_selected", [gone])
    answer = act(admin_client, "ship_selected", [good, planned, gone])
    said = [str(message) for message in answer.context["messages"]]
    assert len(said) == 3
    assert any(planned.number in each for each in said)
    assert any(gone.number in each for each in said)
    statuses = dict(Shipment.objects.values_list("pk", "status"))
    assert statuses == {
        good.pk: ShipmentStatus.SHIPPED,
        planned.pk: ShipmentStatus.PLANNED,
        gone.pk: ShipmentStatus.SHIPPED,
    }


def test_one_parcel_is_shipped_by_hand(admin_client):
    shipment = plan()
    page = reverse("admin:shipments_shipment_ship_by_hand", args=[shipment.pk])
    assert admin_client.get(page).status_code == 200
    carrier = Carrier.objects.get()
    assert admin_client.post(page, {"carrier": carrier.pk, "tracking_number": "x"}).status_code == 200
    assert admin_client.post(page, {"carrier": carrier.pk, "tracking_number": "MINE-1"}).status_code == 302
    assert admin_client.post(page, {"carrier": carrier.pk, "tracking_number": "MINE-2"}).status_code == 200
    shipment.refresh_from_db()
    assert (shipment.status, shipment.tracking_number) == (ShipmentStatus.SHIPPED, "MINE-1")


def test_a_parcel_that_the_courier_is_silent_about_is_marked_as_delivered(admin_client):
    shipment = ready()
    link = reverse("admin:shipments_shipment_deliver_by_hand", args=[shipment.pk])
    page = reverse("admin:shipments_shipment_change", args=[shipment.pk])
    assert link not in admin_client.get(page).content.decode()
    refused = admin_client.post(link, follow=True)
    assert "不在运输途中" in refused.content.decode()
    act(admin_client, "ship_selected", [shipment])
    assert link in admin_client.get(page).content.decode()
    assert admin_client.get(link).status_code == 200
    assert admin_client.post(link).status_code == 302
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.DELIVERED
    assert shipment.delivered_at is not None
    record_tracking(tracking_number=shipment.tracking_number, events=[event("in_transit", hours=3)], now=NOW)
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.DELIVERED


def test_a_mistyped_tracking_number_is_corrected(admin_client):
    shipment, other, waiting = ready(), ready(), ready()
    act(admin_client, "ship_selected", [shipment, other])
    record_tracking(tracking_number=shipment.tracking_number, events=[event("exception", hours=2)], now=NOW)
    link = reverse("admin:shipments_shipment_correct_by_hand", args=[shipment.pk])
    carrier = Carrier.objects.get()
    taken = admin_client.post(link, {"carrier": carrier.pk, "tracking_number": other.tracking_number})
    assert taken.status_code == 200
    before = Shipment.objects.get(pk=shipment.pk)
    assert (before.tracking_number, before.status) == (shipment.tracking_number, ShipmentStatus.EXCEPTION)
    assert before.events.count() == 1
    assert admin_client.post(link, {"carrier": carrier.pk, "tracking_number": "RIGHT-1"}).status_code == 302
    after = Shipment.objects.get(pk=shipment.pk)
    assert (after.tracking_number, after.status, after.news) == ("RIGHT-1", ShipmentStatus.SHIPPED, "")
    assert not after.events.exists()
    [kept] = after.corrections.all()
    assert (kept.wrong_number, kept.tracking_number, kept.actor) == (shipment.tracking_number, "RIGHT-1", "staff:admin")
    page = admin_client.get(reverse("admin:shipments_shipment_change", args=[shipment.pk])).content.decode()
    assert shipment.tracking_number in page
    with pytest.raises(UnknownShipment):
        record_tracking(tracking_number=shipment.tracking_number, events=[event("delivered", hours=3)], now=NOW)
    record_tracking(tracking_number="RIGHT-1", events=[event("delivered", hours=4)], now=NOW)
    by_staff = {"actor": Actor.staff("admin"), "now": NOW}
    with pytest.raises(NotUnderWay):
        correct_tracking(shipment_number=after.number, carrier_id=carrier.pk, tracking_number="RIGHT-2", **by_staff)
    with pytest.raises(NotUnderWay):
        correct_tracking(shipment_number=waiting.number, carrier_id=carrier.pk, tracking_number="RIGHT-2", **by_staff)
    assert Shipment.objects.get(pk=after.pk).tracking_number == "RIGHT-1"


@pytest.mark.parametrize(
    ("work", "found"), [("to_ship", [0, 1]), ("under_way", [2]), ("attention", [2]), ("done", [3]), ("late", [0, 1, 2])]
)
def test_the_piles_of_the_day(admin_client, work, found):
    parcels = [plan(), ready(), ready(), ready()]
    record_tracking(tracking_number=parcels[2].tracking_number, events=[event("exception", hours=2)], now=NOW)
    record_tracking(tracking_number=parcels[3].tracking_number, events=[event("delivered", hours=2)], now=NOW)
    with clock.fixed(NOW + timedelta(days=5)):
        page = admin_client.get(reverse(LIST), {"work": work})
    assert page.status_code == 200
    shown = {shipment.pk for shipment in page.context["cl"].result_list}
    assert shown == {parcels[index].pk for index in found}


def test_a_parcel_shows_its_timeline_and_why_its_carrier(admin_client):
    shipment = ready()
    record_tracking(tracking_number=shipment.tracking_number, events=[event("in_transit", hours=2)], now=NOW)
    page = admin_client.get(reverse("admin:shipments_shipment_change", args=[shipment.pk])).content.decode()
    for words in ("in_transit words", "ZTO", "¥5.00", "文三路 1 号"):
        assert words in page


def test_packing_slips_are_printed(admin_client):
    parcels = [plan(), plan()]
    page = act(admin_client, "print_slips", parcels).content.decode()
    for shipment in parcels:
        assert shipment.number in page
        assert shipment.lines.get().sku.code in page
    one = admin_client.get(reverse("admin:shipments_shipment_packing_slip", args=[parcels[0].pk])).content.decode()
    assert parcels[0].number in one
    assert parcels[1].number not in one


def test_packing_slips_name_people_to_who_hands_parcels_over_and_to_who_may_know_them(client, monkeypatch):
    parcels = [plan(), plan()]
    named, masked = ("张三", "13800138000", "文三路 1 号"), ("张**", "138****8000", "文三***")
    to = {"name": "张三", "phone": "+8613800138000", "region_path": "浙江省 杭州市 西湖区", "detail": "文三路 1 号"}
    Shipment.objects.update(recipient=to)
    seed_roles()
    for user in create_role_accounts(password="lantern-desk"):
        client.force_login(user)
        page = client.get(reverse("admin:shipments_shipment_change", args=[parcels[0].pk]))
        if page.status_code == 403:
            assert user.username not in ("owner", "warehouse", "service", "analyst")
            continue
        shown, hidden = (masked, named) if user.username == "analyst" else (named, masked)
        one = client.get(reverse("admin:shipments_shipment_packing_slip", args=[parcels[0].pk]))
        if user.username == "warehouse":
            on_screen = page.content.decode()
            assert [words in on_screen for words in ("张三", "138****8000", "文三路 1 号")] == [True] * 3
            assert "13800138000" not in on_screen
            page = one
        for answer in (page, one, act(client, "print_slips", parcels), act(client, "print_labels", parcels)):
            text = answer.content.decode()
            assert [words in text for words in (*shown, *hidden)] == [True] * 3 + [False] * 3, user.username
            assert "西湖区" in text
    monkeypatch.setattr("logistics.shipments.admin.MOST_PRINTED", 1)
    told = act(client, "print_slips", parcels)
    assert "装箱单一次最多打印 1 张，未打印任何一张。请缩小筛选范围。" in told.content.decode()


@pytest.mark.parametrize("action", ["packing-slip", "ship", "deliver", "tracking"])
@pytest.mark.parametrize("odd", ["abc", "0", "9" * 30, "1%00"])
def test_an_address_that_names_no_parcel_is_not_there(admin_client, action, odd):
    assert admin_client.get(f"/admin/shipments/shipment/{odd}/{action}/").status_code == 404


def test_staff_who_may_only_look_cannot_ship(client, django_user_model):
    shipment = ready()
    client.force_login(django_user_model.objects.create_user("viewer", is_staff=True))
    page = reverse("admin:shipments_shipment_ship_by_hand", args=[shipment.pk])
    assert client.post(page, {"tracking_number": "MINE-1"}).status_code == 403
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.READY


def test_the_list_costs_the_same_for_any_number_of_rows(admin_client, django_assert_max_num_queries):
    for _parcel in range(6):
        plan()
    with django_assert_max_num_queries(11):
        assert admin_client.get(reverse(LIST)).status_code == 200
